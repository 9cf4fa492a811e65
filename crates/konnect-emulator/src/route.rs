//! From a path to a region, an API version and a resource.

use crate::page;

/// The region of a path that names none.
pub(super) const DEFAULT_REGION: &str = "us";

/// The API's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// The webhook carries its endpoint.
    V2,
    /// The webhook refers to a destination.
    V3,
}

/// What a path stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Resource {
    /// The list of destinations.
    Destinations,
    /// One destination; whether the id is any good is the handler's to say.
    Destination(String),
    /// The region's webhook.
    Webhook,
    /// The state of the webhook's deliveries.
    WebhookStatus,
}

impl Version {
    /// As it stands in a path.
    pub(super) fn segment(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }

    fn parse(segment: &str) -> Option<Self> {
        [Self::V2, Self::V3]
            .into_iter()
            .find(|version| version.segment() == segment)
    }
}

/// Splits the region off a path; what is left begins with the version.
///
/// Any DNS label passes, since Kong opens regions without asking. The version's own segments and the control
/// API's are no regions.
pub(super) fn split_region(path: &str) -> (String, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    if Version::parse(first).is_none() && is_region(first) {
        (first.to_ascii_lowercase(), rest)
    } else {
        (DEFAULT_REGION.to_owned(), path)
    }
}

/// Whether a text can be a region: a DNS label, other than `api`. The links of a list begin with that, and a
/// client that followed one as it stands must not meet the empty region `api`.
pub(super) fn is_region(text: &str) -> bool {
    text != "api"
        && (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Reads what [`split_region`] left. `None` for a route that the emulator doesn't have.
pub(super) fn parse(rest: &str) -> Option<(Version, Resource)> {
    let segments: Vec<&str> = rest.split('/').collect();
    let (version, resource) = segments.split_first()?;
    let resource = match resource {
        [page::COLLECTION] => Resource::Destinations,
        [page::COLLECTION, id] if !id.is_empty() => Resource::Destination((*id).to_owned()),
        ["audit-log-webhook"] => Resource::Webhook,
        ["audit-log-webhook", "status"] => Resource::WebhookStatus,
        _ => return None,
    };
    Some((Version::parse(version)?, resource))
}

impl Resource {
    /// The methods that the API description declares, as an `Allow` header names them.
    pub(super) fn methods(&self, version: Version) -> &'static str {
        match (self, version) {
            (Self::Destinations, _) => "GET, POST",
            (Self::Destination(_), _) | (Self::Webhook, Version::V3) => "GET, PATCH, DELETE",
            (Self::Webhook, Version::V2) => "GET, PATCH",
            (Self::WebhookStatus, _) => "GET",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_region_is_the_first_segment_or_us() {
        assert_eq!(
            split_region("/eu/v3/audit-log-webhook"),
            ("eu".into(), "v3/audit-log-webhook")
        );
        assert_eq!(
            split_region("/v3/audit-log-webhook"),
            ("us".into(), "v3/audit-log-webhook")
        );
        assert_eq!(split_region("/mars-2/v2/x"), ("mars-2".into(), "v2/x"));
        assert_eq!(
            split_region("/not_a_label/v2/x"),
            ("us".into(), "not_a_label/v2/x")
        );
        assert_eq!(split_region("/api/v2/x"), ("us".into(), "api/v2/x"));
        assert_eq!(split_region("/-eu/v2/x"), ("us".into(), "-eu/v2/x"));
    }

    #[test]
    fn only_declared_routes_exist() {
        assert_eq!(
            parse("v2/audit-log-destinations"),
            Some((Version::V2, Resource::Destinations))
        );
        assert_eq!(
            parse("v3/audit-log-destinations/a"),
            Some((Version::V3, Resource::Destination("a".into())))
        );
        assert_eq!(
            parse("v3/audit-log-webhook/status"),
            Some((Version::V3, Resource::WebhookStatus))
        );
        for unknown in [
            "",
            "v3",
            "v3/",
            "v4/audit-log-webhook",
            "v3/audit-log-webhook/",
            "v3/audit-log-destinations/",
        ] {
            assert_eq!(parse(unknown), None, "{unknown}");
        }
    }
}
