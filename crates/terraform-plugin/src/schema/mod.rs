//! The declaration of a block: types, rules, plan behaviour and documentation.

mod block;
mod check;
pub(crate) mod rule;
pub(crate) mod validator;

pub use self::block::{Attribute, Kind, Nesting, Schema};
pub(crate) use self::check::{BlockKind, has_dynamic_element, is_identifier};
