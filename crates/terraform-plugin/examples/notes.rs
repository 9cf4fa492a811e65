//! A complete provider: notes, each a file in a folder on the local disk.
//!
//! It serves a resource with import and identity, a data source, a list resource, an action and a function. The test
//! `tests/example.rs` runs it with Terraform or OpenTofu.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use terraform_plugin::{
    Action, Arguments, Attr, Attribute, ConfigureCall, CreateCall, DataCall, DataSource, DeleteCall,
    Diagnostic, Diagnostics, Function, FunctionDefinition, FunctionError, IdentityAttribute, ImportCall,
    ImportTarget, InvokeCall, ListCall, ListResource, ListResult, Metadata, Parameter, Provider, ReadCall,
    Resource, Schema, ServedAction, ServedDataSource, ServedFunction, ServedListResource, ServedResource,
    Type, UpdateCall, Validator, Value,
};

fn main() -> ExitCode {
    terraform_plugin::run(NotesProvider)
}

/// The provider block: the folder that contains the notes.
struct NotesProvider;

#[derive(Serialize, Deserialize)]
struct Config {
    folder: Attr<String>,
}

/// The configured provider, which all resources share.
struct Folder(PathBuf);

#[async_trait]
impl Provider for NotesProvider {
    type Config = Config;
    type Data = Folder;

    fn metadata(&self) -> Metadata {
        Metadata {
            address: "registry.terraform.io/example/notes",
            name: "notes",
            version: env!("CARGO_PKG_VERSION"),
            description: "Keeps notes in a folder.",
            log_targets: &[],
        }
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "Keeps notes in a folder.",
            [Attribute::string("folder")
                .required()
                .validator(Validator::not_blank())
                .description("The path of the folder. It must exist.")],
        )
    }

    async fn configure(&self, call: &mut ConfigureCall<Config>) -> Result<Folder, Diagnostics> {
        match &call.config.folder {
            Attr::Known(folder) => Ok(Folder(folder.into())),
            Attr::Unknown | Attr::Null => {
                let detail = "The folder must be known when the provider is configured.";
                Err(Diagnostic::error("Folder is not known", detail)
                    .at("folder")
                    .into())
            }
        }
    }

    fn resources(&self) -> Vec<ServedResource<Folder>> {
        vec![ServedResource::new(Note)]
    }

    fn data_sources(&self) -> Vec<ServedDataSource<Folder>> {
        vec![ServedDataSource::new(NoteCount)]
    }

    fn list_resources(&self) -> Vec<ServedListResource<Folder>> {
        vec![ServedListResource::new(NoteList)]
    }

    fn actions(&self) -> Vec<ServedAction<Folder>> {
        vec![ServedAction::new(Archive)]
    }

    fn functions(&self) -> Vec<ServedFunction> {
        vec![ServedFunction::new(FileName)]
    }
}

impl Folder {
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(file_name(name))
    }

    /// The names of all notes in alphabetical order.
    async fn names(&self) -> Result<Vec<String>, Diagnostics> {
        let mut entries = tokio::fs::read_dir(&self.0)
            .await
            .map_err(|e| failed("read", &self.0, &e))?;
        let mut names = Vec::new();
        while let Some(entry) = entries
            .next_entry()
            .await
            .map_err(|e| failed("read", &self.0, &e))?
        {
            if let Some(name) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.strip_suffix(".txt"))
            {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// The text of a note, if it exists.
    async fn read(&self, name: &str) -> Result<Option<String>, Diagnostics> {
        match tokio::fs::read_to_string(self.path(name)).await {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", &self.path(name), &error)),
        }
    }
}

fn file_name(name: &str) -> String {
    format!("{name}.txt")
}

fn failed(operation: &str, path: &Path, error: &std::io::Error) -> Diagnostics {
    let detail = format!("Could not {operation} {}: {error}.", path.display());
    Diagnostic::error("File operation failed", detail).into()
}

/// `notes_note`: one note.
struct Note;

#[derive(Clone, Serialize, Deserialize)]
struct NoteModel {
    name: Attr<String>,
    text: Attr<String>,
    length: Attr<i64>,
}

impl NoteModel {
    fn new(name: &str, text: String) -> Self {
        Self {
            name: name.to_owned().into(),
            length: i64::try_from(text.len()).unwrap_or(i64::MAX).into(),
            text: text.into(),
        }
    }

    fn name(&self) -> &str {
        self.name.known().map_or("", String::as_str)
    }

    async fn write(&self, folder: &Folder) -> Result<Self, Diagnostics> {
        let text = self.text.known().cloned().unwrap_or_default();
        let path = folder.path(self.name());
        tokio::fs::write(&path, &text)
            .await
            .map_err(|e| failed("write", &path, &e))?;
        Ok(Self::new(self.name(), text))
    }
}

#[async_trait]
impl Resource for Note {
    type Data = Folder;
    type Model = NoteModel;

    fn type_name(&self) -> &'static str {
        "notes_note"
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "A note.",
            [
                Attribute::string("name")
                    .required()
                    .requires_replace()
                    .validator(Validator::not_blank())
                    .description("The name of the note. A change replaces the note."),
                Attribute::string("text")
                    .optional()
                    .default("Nothing yet.")
                    .description("The text of the note. Default: `Nothing yet.`."),
                Attribute::number("length")
                    .computed()
                    .description("The length of the text in bytes."),
            ],
        )
        .identity(&[IdentityAttribute {
            name: "name",
            required_for_import: true,
        }])
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<NoteModel, Diagnostics> {
        let name = call.planned.name();
        if call.provider.read(name).await?.is_some() {
            let detail = format!("A note \"{name}\" exists. Import it, or use another name.");
            return Err(Diagnostic::error("Note exists", detail).at("name").into());
        }
        call.planned.write(call.provider).await
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<NoteModel>, Diagnostics> {
        let text = call.provider.read(call.state.name()).await?;
        Ok(text.map(|text| NoteModel::new(call.state.name(), text)))
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<NoteModel, Diagnostics> {
        call.planned.write(call.provider).await
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        let path = call.provider.path(call.state.name());
        match tokio::fs::remove_file(&path).await {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(failed("delete", &path, &error))
            }
            _ => Ok(()),
        }
    }

    /// The state needs only what [`Note::read`] uses: Terraform reads the note next.
    async fn import(&self, call: &mut ImportCall<'_, Self>) -> Result<NoteModel, Diagnostics> {
        let name = match &call.target {
            ImportTarget::Id(id) => id.clone().into(),
            ImportTarget::Identity(identity) => identity.name.clone(),
        };
        Ok(NoteModel {
            name,
            text: Attr::Null,
            length: Attr::Null,
        })
    }
}

/// `notes_count`: the number of notes.
struct NoteCount;

#[derive(Clone, Serialize, Deserialize)]
struct CountModel {
    prefix: Attr<String>,
    total: Attr<i64>,
}

#[async_trait]
impl DataSource for NoteCount {
    type Data = Folder;
    type Model = CountModel;

    fn type_name(&self) -> &'static str {
        "notes_count"
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "The number of notes.",
            [
                Attribute::string("prefix")
                    .optional()
                    .description("Counts only names that begin with this text."),
                Attribute::number("total")
                    .computed()
                    .description("The number of notes."),
            ],
        )
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<CountModel, Diagnostics> {
        let prefix = call.config.prefix.known().map_or("", String::as_str);
        let names = call.provider.names().await?;
        let total = names.iter().filter(|name| name.starts_with(prefix)).count();
        Ok(CountModel {
            total: i64::try_from(total).unwrap_or(i64::MAX).into(),
            ..call.config.clone()
        })
    }
}

/// `list "notes_note"`: the notes of the folder, for `terraform query`.
struct NoteList;

#[derive(Serialize, Deserialize)]
struct NoteListConfig {
    prefix: Attr<String>,
}

#[async_trait]
impl ListResource for NoteList {
    type Data = Folder;
    type Config = NoteListConfig;
    type Model = NoteModel;

    fn type_name(&self) -> &'static str {
        "notes_note"
    }

    fn schema(&self) -> Schema {
        let prefix = Attribute::string("prefix").optional();
        Schema::new(
            "Lists notes.",
            [prefix.description("Lists only names that begin with this text.")],
        )
    }

    async fn list(&self, call: &mut ListCall<'_, Self>) -> Result<(), Diagnostics> {
        let prefix = call.config.prefix.known().cloned().unwrap_or_default();
        let names = call.provider.names().await?;
        for name in names.iter().filter(|name| name.starts_with(&prefix)) {
            let text = if call.include_resource {
                call.provider.read(name).await?
            } else {
                None
            };
            let result = ListResult {
                display_name: name.clone(),
                identity: Value::object([("name", name.as_str().into())]),
                resource: text.map(|text| NoteModel::new(name, text)),
            };
            if !call.push(result).await {
                break;
            }
        }
        Ok(())
    }
}

/// `action "notes_archive"`: copies all notes to another folder.
struct Archive;

#[derive(Serialize, Deserialize)]
struct ArchiveConfig {
    folder: Attr<String>,
}

#[async_trait]
impl Action for Archive {
    type Data = Folder;
    type Config = ArchiveConfig;

    fn type_name(&self) -> &'static str {
        "notes_archive"
    }

    fn schema(&self) -> Schema {
        let folder = Attribute::string("folder").required();
        Schema::new(
            "Copies all notes to another folder.",
            [folder.description("The path of the other folder. It is created if it does not exist.")],
        )
    }

    async fn invoke(&self, call: &mut InvokeCall<'_, Self>) -> Result<(), Diagnostics> {
        let target = PathBuf::from(call.config.folder.known().cloned().unwrap_or_default());
        tokio::fs::create_dir_all(&target)
            .await
            .map_err(|e| failed("create", &target, &e))?;
        for name in call.provider.names().await? {
            if call.stop.is_cancelled() {
                let detail = format!("Not all notes were copied to {}.", target.display());
                return Err(Diagnostic::error("Archive interrupted", detail).into());
            }
            let path = target.join(file_name(&name));
            tokio::fs::copy(call.provider.path(&name), &path)
                .await
                .map_err(|e| failed("write", &path, &e))?;
            call.progress(format!("copied {name}")).await;
        }
        Ok(())
    }
}

/// `provider::notes::file_name`: the file of a note.
struct FileName;

impl Function for FileName {
    fn name(&self) -> &'static str {
        "file_name"
    }

    fn definition(&self) -> FunctionDefinition {
        let name = Parameter::new("name", Type::String, "The name of a note.");
        FunctionDefinition::new(
            "File of a note",
            "Returns the name of the file of a note.",
            Type::String,
        )
        .parameter(name)
    }

    fn call(&self, arguments: Arguments) -> Result<Value, FunctionError> {
        let name: String = arguments.get(0)?;
        if name.contains(['/', '\\']) {
            return Err(FunctionError::argument(
                0,
                "A name must not contain a path separator.",
            ));
        }
        Ok(file_name(&name).as_str().into())
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use terraform_plugin::testing::check_model;
    use terraform_plugin::{ServeMode, Server};

    use super::*;

    #[test]
    fn implementation_is_valid() {
        let server = Server::new(NotesProvider, ServeMode::Managed);
        assert_eq!(server.validate_implementation(), [""; 0]);
        check_model::<Config>(server.schema());
        check_model::<NoteModel>(&Note.schema());
        check_model::<CountModel>(&NoteCount.schema());
        check_model::<NoteListConfig>(&NoteList.schema());
        check_model::<ArchiveConfig>(&Archive.schema());
    }
}
