//! `example_note`: one note, a file in the folder.

use std::path::{Path, PathBuf};

use terraform_plugin::{
    Attr, Context, CreateCall, DeleteCall, Diagnostics, ImportCall, ImportTarget, Model, ReadCall, Resource,
    UpdateCall, Validator,
};

/// The resource.
pub struct Note;

/// A note.
#[derive(Clone, Model)]
pub struct NoteModel {
    /// The name of the note. A change replaces the note.
    #[tf(required, requires_replace, identity, validate = Validator::not_blank())]
    name: Attr<String>,
    /// The text of the note. Default: empty.
    #[tf(default = "")]
    text: Attr<String>,
}

impl NoteModel {
    fn file(&self, folder: &Path) -> Result<PathBuf, Diagnostics> {
        Ok(folder.join(format!("{}.txt", self.name.require("name")?)))
    }

    fn write(&self, folder: &Path) -> Result<Self, Diagnostics> {
        let text = self.text.require("text")?;
        std::fs::write(self.file(folder)?, text).context("Cannot write the note")?;
        Ok(self.clone())
    }
}

impl Resource for Note {
    type Data = PathBuf;
    type Model = NoteModel;

    fn type_name(&self) -> &'static str {
        "example_note"
    }

    async fn create(&self, call: &mut CreateCall<'_, Self>) -> Result<NoteModel, Diagnostics> {
        call.planned.write(call.data)
    }

    async fn read(&self, call: &mut ReadCall<'_, Self>) -> Result<Option<NoteModel>, Diagnostics> {
        let text = std::fs::read_to_string(call.state.file(call.data)?).ok();
        Ok(text.map(|text| NoteModel {
            text: text.into(),
            ..call.state.clone()
        }))
    }

    async fn update(&self, call: &mut UpdateCall<'_, Self>) -> Result<NoteModel, Diagnostics> {
        call.planned.write(call.data)
    }

    async fn delete(&self, call: &mut DeleteCall<'_, Self>) -> Result<(), Diagnostics> {
        std::fs::remove_file(call.state.file(call.data)?).context("Cannot delete the note")
    }

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
