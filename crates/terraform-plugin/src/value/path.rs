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

/// The path from the root of a value to an attribute or element. The empty path is the whole value. A path cannot
/// address an element of a set: it ends at the set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path(Vec<Step>);

impl Path {
    /// The whole value.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// A top-level attribute.
    #[must_use]
    pub fn attribute(name: impl Into<Cow<'static, str>>) -> Self {
        Self::root().then(Step::Attribute(name.into()))
    }

    /// This path with one more step.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The steps from the root.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Adds a step before the others.
    pub(crate) fn prepend(&mut self, step: Step) {
        self.0.insert(0, step);
    }
}

impl From<&'static str> for Path {
    fn from(name: &'static str) -> Self {
        Self::attribute(name)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_path_reads_as_in_configuration() {
        let path = Path::from("a")
            .then(Step::Index(2))
            .then(Step::Attribute("b".into()))
            .then(Step::Key("x y".into()));
        assert_eq!(path.to_string(), r#"a[2].b["x y"]"#);
        assert_eq!(Path::root().to_string(), "");
    }
}
