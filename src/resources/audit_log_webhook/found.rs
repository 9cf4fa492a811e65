//! Which webhook a region has at present, and in which of the two forms.

use konnect::{Cache, Error, Region};
use terraform_plugin::{Attr, Private};

use crate::authorization;
use crate::resources::audit_log_webhook::change::{to_destination, to_endpoint};
use crate::resources::audit_log_webhook::{Form, Model};

/// The webhook that a state tells of.
///
/// If somebody gave it the other form meanwhile it is still the region's, and the plan shows what it has
/// become. One of the other form that is switched off is free, and so none.
pub(crate) async fn again(
    cache: &Cache,
    region: &Region,
    known: &Model,
    private: &mut Private,
) -> Result<Option<Model>, Error> {
    let delivers = |found: &Model| found.enabled == Attr::Known(true);
    if known.form() == Form::Destination {
        return match with_destination(cache, region, known).await? {
            None => Ok(with_endpoint(cache, region, known).await?.filter(delivers)),
            found => Ok(found),
        };
    }
    match with_endpoint(cache, region, known).await? {
        None => Ok(with_destination(cache, region, known).await?.filter(delivers)),
        Some(found) => {
            authorization::observe(private, found.updated_at.known().map(String::as_str));
            Ok(Some(found))
        }
    }
}

/// One that delivers to a destination: without any there is no webhook, as the API sees it.
pub(crate) async fn with_destination(
    cache: &Cache,
    region: &Region,
    known: &Model,
) -> Result<Option<Model>, Error> {
    match cache.destination_webhook(region).await {
        Ok(found) if found.audit_log_destination_id.is_some() => {
            Ok(Some(to_destination(found, region.clone(), known)))
        }
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(None),
    }
}

/// One that has an endpoint of its own.
pub(crate) async fn with_endpoint(
    cache: &Cache,
    region: &Region,
    known: &Model,
) -> Result<Option<Model>, Error> {
    match cache.endpoint_webhook(region).await {
        Ok(found) if found.endpoint.is_some() => {
            Ok(Some(to_endpoint(found, region.clone(), known).completed()))
        }
        Err(error) if !error.is_not_found() => Err(error),
        _ => Ok(None),
    }
}
