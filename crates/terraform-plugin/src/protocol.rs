//! The calls of the protocol in a process, without a host: for tests, benches and fuzz targets of a provider. Not for
//! the code of a provider.

pub use crate::dispatch::{
    DynAction, DynDataSource, DynResource, ListResourceHandle, ServeMode, ServedFunction,
};
pub use crate::engine::list::ListEvent;
pub use crate::engine::progress::InvokeEvent;
pub use crate::engine::request::{
    ApplyRequest, ListRequest, PlanRequest, PlanResponse, ReadRequest, StateResponse,
};
pub use crate::engine::validate::{ClientCapabilities, validate};
#[cfg(feature = "fuzzing")]
pub use crate::plugin::fuzzing;
pub use crate::plugin::{codec, proto, wire};
pub use crate::server::Server;
pub use crate::value::number::NumberForm;
