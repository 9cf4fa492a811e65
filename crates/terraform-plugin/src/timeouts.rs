//! How long the operations of a resource may take.

use std::time::Duration;

use crate::Model;
use crate::schema::validator::Validator;
use crate::value::attr::Attr;

/// How long each operation may take, as the user sets it: `timeouts = { create = "30m" }`. Add it to a model as
///
/// ```
/// use std::time::Duration;
/// use terraform_plugin::{Attr, Model, Timeouts};
///
/// /// A database.
/// #[derive(Clone, Model)]
/// struct Database {
///     /// How long each operation may take.
///     #[tf(optional)]
///     timeouts: Attr<Timeouts>,
/// }
///
/// let database = Database { timeouts: Attr::Null };
/// // In `create`: the time that the user sets, or else 20 minutes. `tokio::time::timeout` takes it.
/// assert_eq!(database.timeouts.create(Duration::from_secs(1200)), Duration::from_secs(1200));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Model)]
pub struct Timeouts {
    /// How long a creation may take, for instance `30m`.
    #[tf(optional, validate = Validator::duration())]
    pub create: Attr<String>,
    /// How long a read may take, for instance `30s`.
    #[tf(optional, validate = Validator::duration())]
    pub read: Attr<String>,
    /// How long an update may take, for instance `30m`.
    #[tf(optional, validate = Validator::duration())]
    pub update: Attr<String>,
    /// How long a deletion may take, for instance `30m`.
    #[tf(optional, validate = Validator::duration())]
    pub delete: Attr<String>,
}

impl Attr<Timeouts> {
    /// How long a creation may take.
    #[must_use]
    pub fn create(&self, default: Duration) -> Duration {
        self.of(|timeouts| &timeouts.create, default)
    }

    /// How long a read may take.
    #[must_use]
    pub fn read(&self, default: Duration) -> Duration {
        self.of(|timeouts| &timeouts.read, default)
    }

    /// How long an update may take.
    #[must_use]
    pub fn update(&self, default: Duration) -> Duration {
        self.of(|timeouts| &timeouts.update, default)
    }

    /// How long a deletion may take.
    #[must_use]
    pub fn delete(&self, default: Duration) -> Duration {
        self.of(|timeouts| &timeouts.delete, default)
    }

    fn of(&self, operation: fn(&Timeouts) -> &Attr<String>, default: Duration) -> Duration {
        let set = self.known().and_then(|timeouts| operation(timeouts).known());
        set.and_then(|text| humantime::parse_duration(text).ok())
            .unwrap_or(default)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::validate::{ClientCapabilities, validate};
    use crate::{InvalidValue, Value, from_value};

    /// A database.
    #[derive(Debug, Clone, Model)]
    struct Database {
        /// How long each operation may take.
        #[tf(optional)]
        timeouts: Attr<Timeouts>,
    }

    fn config(create: &str) -> Value {
        let timeouts = Value::object([("create", create.into())]);
        let config = Value::object([("timeouts", timeouts)]);
        config.shaped(Database::schema().object_type()).unwrap()
    }

    #[test]
    fn timeouts_return_what_is_set_or_the_default() -> Result<(), InvalidValue> {
        let default = Duration::from_secs(1);
        let database: Database = from_value(&config("1h30m"))?;
        assert_eq!(database.timeouts.create(default), Duration::from_secs(5400));
        assert_eq!(database.timeouts.delete(default), default);
        assert_eq!(Attr::Null.read(default), default);
        assert_eq!(Attr::Unknown.update(default), default);
        Ok(())
    }

    #[test]
    fn timeouts_that_are_no_duration_fail_at_validation() {
        let errors = |create: &str| {
            let found = validate(
                &Database::schema(),
                &config(create),
                ClientCapabilities::default(),
            );
            let paths = found
                .iter()
                .map(|d| d.path.clone().unwrap_or_default().to_string());
            paths.collect::<Vec<_>>()
        };
        assert_eq!(errors("soon"), ["timeouts.create"]);
        assert_eq!(errors("90s"), [""; 0]);
    }
}
