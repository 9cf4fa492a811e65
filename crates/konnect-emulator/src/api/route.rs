//! Parses a path into a region, an API version and a resource.

use crate::organization::state::GLOBAL;

/// The region of a path without a region.
pub(crate) const DEFAULT_REGION: &str = "us";

pub(crate) const DESTINATIONS: &str = "audit-log-destinations";

const WEBHOOK: &str = "audit-log-webhook";
const REPLAY_JOB: &str = "audit-log-replay-job";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// The webhook contains its endpoint.
    V2,
    /// The webhook refers to a destination.
    V3,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    Destinations,
    /// One destination. The handler validates the ID.
    Destination(String),
    /// The webhook of the region, or of the portal with this ID.
    Webhook(Option<String>),
    WebhookStatus(Option<String>),
    ReplayJob(Option<String>),
    SigningKeys,
    AuditLogs,
    Portals,
    Portal(String),
    ControlPlanes,
    AvailableRegions,
    Organization,
    User,
}

impl Version {
    pub(crate) fn segment(self) -> &'static str {
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

/// Splits a path into the region and the rest, which begins with the version.
///
/// Any DNS label is a region, because Kong adds regions, except for the segments of the versions and of the control
/// API.
pub(crate) fn split_region(path: &str) -> (String, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (first, rest) = path.split_once('/').unwrap_or((path, ""));
    if Version::parse(first).is_none() && is_region(first) {
        (first.to_ascii_lowercase(), rest)
    } else {
        (DEFAULT_REGION.to_owned(), path)
    }
}

/// Whether a text can be a region: a DNS label other than `api`. The links of a list begin with `api`, and must not
/// lead to an empty region of that name.
pub(crate) fn is_region(text: &str) -> bool {
    text != "api"
        && (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Parses the rest from [`split_region`]. `None` for an unknown route.
pub(crate) fn parse(rest: &str) -> Option<(Version, Resource)> {
    let segments: Vec<&str> = rest.split('/').collect();
    let (version, resource) = segments.split_first()?;
    let version = Version::parse(version)?;
    let portal = |id: &&str| (!id.is_empty()).then(|| Some((*id).to_owned()));
    let resource = match (version, resource) {
        (_, [DESTINATIONS]) => Resource::Destinations,
        (_, [DESTINATIONS, id]) if !id.is_empty() => Resource::Destination((*id).to_owned()),
        (_, [WEBHOOK]) => Resource::Webhook(None),
        (_, [WEBHOOK, "status"]) => Resource::WebhookStatus(None),
        (Version::V2, [WEBHOOK, "jwks.json"]) => Resource::SigningKeys,
        (_, [REPLAY_JOB]) => Resource::ReplayJob(None),
        (Version::V3, ["audit-logs"]) => Resource::AuditLogs,
        (Version::V3, ["portals"]) => Resource::Portals,
        (Version::V3, ["portals", id]) => Resource::Portal(portal(id)??),
        (Version::V2, ["control-planes"]) => Resource::ControlPlanes,
        (Version::V3, ["available-regions"]) => Resource::AvailableRegions,
        (Version::V3, ["portals", id, WEBHOOK]) => Resource::Webhook(portal(id)?),
        (Version::V3, ["portals", id, WEBHOOK, "status"]) => Resource::WebhookStatus(portal(id)?),
        (Version::V3, ["portals", id, REPLAY_JOB]) => Resource::ReplayJob(portal(id)?),
        (Version::V3, ["organizations", "me"]) => Resource::Organization,
        (Version::V3, ["users", "me"]) => Resource::User,
        _ => return None,
    };
    Some((version, resource))
}

impl Resource {
    /// The declared methods, in the form of an `Allow` header.
    pub(crate) fn methods(&self, version: Version) -> &'static str {
        match (self, version) {
            (Self::Destinations, _) => "GET, POST",
            (Self::Destination(_), _) | (Self::Webhook(_), Version::V3) => "GET, PATCH, DELETE",
            (Self::Webhook(_), Version::V2) => "GET, PATCH",
            (Self::ReplayJob(_), _) => "GET, PUT",
            (
                Self::WebhookStatus(_)
                | Self::SigningKeys
                | Self::AuditLogs
                | Self::Portals
                | Self::Portal(_)
                | Self::ControlPlanes
                | Self::AvailableRegions
                | Self::Organization
                | Self::User,
                _,
            ) => "GET",
        }
    }

    pub(crate) fn is_public(&self) -> bool {
        matches!(self, Self::SigningKeys | Self::AvailableRegions)
    }

    /// Whether the host of a region serves the resource: the organization, the user and the regions are on `global`
    /// only, portals and past events on all other hosts.
    pub(crate) fn is_served_by(&self, region: &str) -> bool {
        match self {
            Self::Organization | Self::User | Self::AvailableRegions => region == GLOBAL,
            Self::AuditLogs
            | Self::Portals
            | Self::Portal(_)
            | Self::Webhook(Some(_))
            | Self::WebhookStatus(Some(_))
            | Self::ReplayJob(Some(_)) => region != GLOBAL,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn split_region_any_path_gives_first_label_or_us() {
        for (path, region, rest) in [
            ("/eu/v3/audit-log-webhook", "eu", "v3/audit-log-webhook"),
            ("/v3/audit-log-webhook", "us", "v3/audit-log-webhook"),
            ("/mars-2/v2/x", "mars-2", "v2/x"),
            ("/not_a_label/v2/x", "us", "not_a_label/v2/x"),
            ("/api/v2/x", "us", "api/v2/x"),
            ("/-eu/v2/x", "us", "-eu/v2/x"),
        ] {
            assert_eq!(split_region(path), (region.into(), rest));
        }
    }
}
