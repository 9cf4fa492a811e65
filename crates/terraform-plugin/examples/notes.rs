//! A complete provider: notes, each a file in a folder on the local disk.
//!
//! It serves a resource with import and identity, a data source, a list resource, an action and a function. The test
//! `tests/example.rs` runs it with Terraform or OpenTofu.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use terraform_plugin::{
    Action, Arguments, Attr, ConfigureCall, Context, CreateCall, DataCall, DataSource, DeleteCall,
    Diagnostic, Diagnostics, Function, FunctionDefinition, FunctionError, ImportCall, ImportTarget,
    InvokeCall, ListCall, ListResource, ListResult, Metadata, Model, Parameter, Provider, ReadCall, Registry,
    Resource, Type, UpdateCall, Validator, Value,
};

fn main() -> ExitCode {
    terraform_plugin::run(NotesProvider)
}

/// The provider.
struct NotesProvider;

/// Keeps notes in a folder.
#[derive(Model)]
struct Config {
    /// The path of the folder. It must exist.
    #[tf(required, validate = Validator::not_blank())]
    folder: Attr<String>,
}

/// The configured provider, which all resources share.
struct Folder(PathBuf);

impl Provider for NotesProvider {
    type Config = Config;
    type Data = Folder;

    fn metadata(&self) -> Metadata {
        Metadata::new(
            "registry.terraform.io/example/notes",
            env!("CARGO_PKG_VERSION"),
            "Keeps notes in a folder.",
        )
    }

    fn register(&self, registry: &mut Registry<Folder>) {
        registry
            .resource(Note)
            .data_source(NoteCount)
            .list_resource(NoteList)
            .action(Archive)
            .function(FileName);
    }

    async fn configure(&self, call: &mut ConfigureCall<Config>) -> Result<Folder, Diagnostics> {
        let folder = call.config.folder.require("folder")?;
        Ok(Folder(folder.into()))
    }
}

impl Folder {
    fn path(&self, name: &str) -> PathBuf {
        self.0.join(file_name(name))
    }

    /// The names of all notes in alphabetical order.
    async fn names(&self) -> Result<Vec<String>, Diagnostics> {
        let failed = || format!("Cannot read {}", self.0.display());
        let mut entries = tokio::fs::read_dir(&self.0).await.context(failed())?;
        let mut names = Vec::new();
        while let Some(entry) = entries.next_entry().await.context(failed())? {
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
            Err(error) => Err(error).context(format!("Cannot read {}", self.path(name).display())),
        }
    }
}

fn file_name(name: &str) -> String {
    format!("{name}.txt")
}

/// `notes_note`: one note.
struct Note;

/// A note.
#[derive(Clone, Model)]
struct NoteModel {
    /// The name of the note. A change replaces the note.
    #[tf(required, requires_replace, identity, validate = Validator::not_blank())]
    name: Attr<String>,
    /// The text of the note. Default: `Nothing yet.`.
    #[tf(default = "Nothing yet.")]
    text: Attr<String>,
    /// The length of the text in bytes.
    #[tf(computed)]
    length: Attr<i64>,
}

impl NoteModel {
    fn new(name: &str, text: String) -> Self {
        Self {
            name: name.into(),
            length: i64::try_from(text.len()).unwrap_or(i64::MAX).into(),
            text: text.into(),
        }
    }

    async fn write(&self, folder: &Folder) -> Result<Self, Diagnostics> {
        let (name, text) = (self.name.require("name")?, self.text.require("text")?);
        let path = folder.path(name);
        tokio::fs::write(&path, text)
            .await
            .context(format!("Cannot write {}", path.display()))?;
        Ok(Self::new(name, text.clone()))
    }
}

impl Resource for Note {
    type Data = Folder;
    type Model = NoteModel;

    fn type_name(&self) -> &'static str {
        "notes_note"
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<NoteModel, Diagnostics> {
        let name = call.planned.name.require("name")?;
        if call.data.read(name).await?.is_some() {
            let detail = format!("A note \"{name}\" exists. Import it, or use another name.");
            return Err(Diagnostic::error("Note exists", detail).at("name").into());
        }
        call.planned.write(call.data).await
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<NoteModel>, Diagnostics> {
        let name = call.state.name.require("name")?;
        let text = call.data.read(name).await?;
        Ok(text.map(|text| NoteModel::new(name, text)))
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<NoteModel, Diagnostics> {
        call.planned.write(call.data).await
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        let path = call.data.path(call.state.name.require("name")?);
        match tokio::fs::remove_file(&path).await {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            result => result.context(format!("Cannot delete {}", path.display())),
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
            ..call.empty()?
        })
    }
}

/// `notes_count`: the number of notes.
struct NoteCount;

/// The number of notes.
#[derive(Clone, Model)]
struct CountModel {
    /// Counts only names that begin with this text.
    #[tf(optional)]
    prefix: Attr<String>,
    /// The number of notes.
    #[tf(computed)]
    total: Attr<i64>,
}

impl DataSource for NoteCount {
    type Data = Folder;
    type Model = CountModel;

    fn type_name(&self) -> &'static str {
        "notes_count"
    }

    async fn read(&self, call: &mut DataCall<'_, Self>) -> Result<CountModel, Diagnostics> {
        let prefix = call.config.prefix.known().map_or("", String::as_str);
        let names = call.data.names().await?;
        let total = names.iter().filter(|name| name.starts_with(prefix)).count();
        Ok(CountModel {
            total: i64::try_from(total).unwrap_or(i64::MAX).into(),
            ..call.config.clone()
        })
    }
}

/// `list "notes_note"`: the notes of the folder, for `terraform query`.
struct NoteList;

/// Lists notes.
#[derive(Model)]
struct NoteListConfig {
    /// Lists only names that begin with this text.
    #[tf(optional)]
    prefix: Attr<String>,
}

impl ListResource for NoteList {
    type Data = Folder;
    type Config = NoteListConfig;
    type Model = NoteModel;

    fn type_name(&self) -> &'static str {
        "notes_note"
    }

    async fn list(&self, call: &mut ListCall<'_, Self>) -> Result<(), Diagnostics> {
        let prefix = call.config.prefix.known().cloned().unwrap_or_default();
        let names = call.data.names().await?;
        for name in names.iter().filter(|name| name.starts_with(&prefix)) {
            let text = if call.include_resource {
                call.data.read(name).await?
            } else {
                None
            };
            let identity = Value::object([("name", name.as_str().into())]);
            let result = ListResult::new(name, identity, text.map(|text| NoteModel::new(name, text)));
            if !call.push(result).await {
                break;
            }
        }
        Ok(())
    }
}

/// `action "notes_archive"`: copies all notes to another folder.
struct Archive;

/// Copies all notes to another folder.
#[derive(Model)]
struct ArchiveConfig {
    /// The path of the other folder. It is created if it does not exist.
    #[tf(required)]
    folder: Attr<String>,
}

impl Action for Archive {
    type Data = Folder;
    type Config = ArchiveConfig;

    fn type_name(&self) -> &'static str {
        "notes_archive"
    }

    async fn invoke(&self, call: &mut InvokeCall<'_, Self>) -> Result<(), Diagnostics> {
        let target = Path::new(call.config.folder.require("folder")?);
        tokio::fs::create_dir_all(target)
            .await
            .context(format!("Cannot create {}", target.display()))?;
        for name in call.data.names().await? {
            if call.stop.is_cancelled() {
                let detail = format!("Not all notes were copied to {}.", target.display());
                return Err(Diagnostic::error("Archive interrupted", detail).into());
            }
            let path = target.join(file_name(&name));
            tokio::fs::copy(call.data.path(&name), &path)
                .await
                .context(format!("Cannot write {}", path.display()))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn implementation_is_valid() {
        assert_eq!(terraform_plugin::validate_implementation(NotesProvider), [""; 0]);
    }
}
