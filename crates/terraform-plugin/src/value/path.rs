//! Where in a configuration, plan or state something is.

use std::borrow::Cow;
use std::fmt;

/// One step down into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Into an attribute of an object.
    Attribute(Cow<'static, str>),
    /// Into an element of a map.
    Key(String),
    /// Into an element of a list or tuple, counted from 0.
    Index(i64),
}

/// The way from the top of a value down to one attribute or element. The empty path is the value
/// as a whole. An element of a set has no path of its own: a path ends at the set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path(Vec<Step>);

impl Path {
    /// The value as a whole.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// An attribute at the top.
    #[must_use]
    pub fn attribute(name: impl Into<Cow<'static, str>>) -> Self {
        Self::root().then(Step::Attribute(name.into()))
    }

    /// This path and one step more.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    /// The steps from the top.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Puts a step in front: what was at the top is now inside of it.
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
    fn a_path_reads_as_in_a_configuration() {
        let path = Path::from("a")
            .then(Step::Index(2))
            .then(Step::Attribute("b".into()))
            .then(Step::Key("x y".into()));
        assert_eq!(path.to_string(), r#"a[2].b["x y"]"#);
        assert_eq!(Path::root().to_string(), "");
    }
}
