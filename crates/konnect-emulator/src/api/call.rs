//! What a handler needs of a request.

use crate::api::route::Version;
use crate::behavior::{Behavior, NeverTime};
use crate::clock;

/// What a handler needs of a request.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The region in the path.
    pub(crate) region: String,
    /// The version in the path.
    pub(crate) version: Version,
    /// The query as sent, without the question mark.
    pub(crate) query: &'a str,
    /// The `content-type` header.
    pub(crate) content_type: Option<&'a str>,
    /// The whole body.
    pub(crate) body: &'a [u8],
    /// The behavior where Konnect's documentation is not specific.
    pub(crate) behavior: &'a Behavior,
}

impl Call<'_> {
    /// A time in a response, with "never" in the form of [`Behavior::never`].
    pub(crate) fn time<'t>(&self, time: &'t str) -> &'t str {
        match self.behavior.never {
            NeverTime::Valid if time == clock::NEVER => clock::NEVER_VALID,
            _ => time,
        }
    }
}
