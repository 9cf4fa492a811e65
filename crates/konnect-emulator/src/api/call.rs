//! What a handler needs of a request.

use crate::api::route::Version;
use crate::behavior::{Behavior, NeverTime};
use crate::clock;

/// What a handler needs of a request.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The region that the path names.
    pub(crate) region: String,
    /// The version that the path names.
    pub(crate) version: Version,
    /// The query as it was sent, without its question mark.
    pub(crate) query: &'a str,
    /// The `content-type` header.
    pub(crate) content_type: Option<&'a str>,
    /// The whole body.
    pub(crate) body: &'a [u8],
    /// What the emulator does where the documentation leaves a choice.
    pub(crate) behavior: &'a Behavior,
}

impl Call<'_> {
    /// A time as an answer shows it: "never" in the spelling that is asked for.
    pub(crate) fn time<'t>(&self, time: &'t str) -> &'t str {
        match self.behavior.never {
            NeverTime::Valid if time == clock::NEVER => clock::NEVER_VALID,
            _ => time,
        }
    }
}
