//! The position of a value in a configuration, plan or state.

use std::borrow::Cow;
use std::fmt;

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// An attribute of an object.
    Attribute(Cow<'static, str>),
    /// An element of a map.
    Key(String),
    /// An element of a list or tuple, by zero-based index.
    Index(i64),
}

conversions! { Step:
    key: &str => Self::Key(key.to_owned()),
    key: &String => Self::Key(key.clone()),
    key: String => Self::Key(key),
    index: i64 => Self::Index(index),
    index: i32 => Self::Index(index.into()),
    index: usize => Self::Index(i64::try_from(index).unwrap_or(i64::MAX)),
}

/// The path from the root of a value to an attribute or element. The empty path is the whole value. A path cannot
/// address an element of a set: it ends at the set.
///
/// Write one with [`path!`](crate::path!), or as text with dots: `"auth.password"`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path(Vec<Step>);

impl Path {
    /// The whole value.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// The attribute of this name in the value at this path.
    #[must_use]
    pub fn attribute(&self, name: impl Into<Cow<'static, str>>) -> Self {
        self.then(Step::Attribute(name.into()))
    }

    /// This path with one more step.
    #[must_use]
    pub fn then(&self, step: impl Into<Step>) -> Self {
        let mut steps = self.0.clone();
        steps.push(step.into());
        Self(steps)
    }

    /// This path, and the step if there is one.
    pub(crate) fn join(&self, step: Option<Step>) -> Self {
        step.map_or_else(|| self.clone(), |step| self.then(step))
    }

    /// The steps from the root.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The first steps of the path.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// Adds a step before the others.
    pub(crate) fn prepend(&mut self, step: Step) {
        self.0.insert(0, step);
    }
}

/// Attributes, separated by dots. For elements of lists and maps, use [`path!`](crate::path!).
impl From<&'static str> for Path {
    fn from(names: &'static str) -> Self {
        Self(
            names
                .split('.')
                .map(|name| Step::Attribute(name.into()))
                .collect(),
        )
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if i == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A [`Path`](crate::Path), written as in a configuration. In brackets stands an index or a key: any expression.
///
/// ```
/// use terraform_plugin::path;
///
/// let (index, key) = (0, "blue");
/// assert_eq!(path!(acl[index].access).to_string(), "acl[0].access");
/// assert_eq!(path!(servers[key].port).to_string(), r#"servers["blue"].port"#);
/// ```
#[macro_export]
macro_rules! path {
    ($name:ident $($rest:tt)*) => {
        $crate::path!(@ $crate::Path::root().attribute(stringify!($name)), $($rest)*)
    };
    (@ $path:expr,) => { $path };
    (@ $path:expr, . $name:ident $($rest:tt)*) => {
        $crate::path!(@ $path.attribute(stringify!($name)), $($rest)*)
    };
    (@ $path:expr, [ $step:expr ] $($rest:tt)*) => {
        $crate::path!(@ $path.then($step), $($rest)*)
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_path_reads_as_in_configuration() {
        assert_eq!(path!(a[2].b["x y"]).to_string(), r#"a[2].b["x y"]"#);
        assert_eq!(Path::root().to_string(), "");
    }

    #[test]
    fn from_text_with_dots_is_path_of_attributes() {
        assert_eq!(Path::from("auth.password"), path!(auth.password));
        assert_ne!(
            Path::from("auth.password"),
            Path::root().attribute("auth.password")
        );
    }
}
