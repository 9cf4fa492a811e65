//! Samples of measurements.

/// Measurements in one unit.
#[derive(Debug, Clone, Default)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// Adds a measurement.
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    /// The number of measurements.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The median; 0 without measurements.
    pub fn median(&self) -> f64 {
        self.quartile(2)
    }

    /// The maximum; 0 without measurements.
    pub fn largest(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }

    /// The median with the quartiles around it, such as `1.5 (1.4 to 1.7) ms`.
    pub fn format(&self, unit: &str, digits: usize) -> String {
        let [low, middle, high] = [1, 2, 3].map(|nth| self.quartile(nth));
        format!("{middle:.digits$} ({low:.digits$} to {high:.digits$}) {unit}")
    }

    fn quartile(&self, nth: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().saturating_sub(1);
        sorted.get((last * nth + 2) / 4).copied().unwrap_or_default()
    }
}

/// A time in milliseconds.
pub fn milliseconds(of: std::time::Duration) -> f64 {
    seconds(of) * 1e3
}

/// A time in seconds.
pub fn seconds(of: std::time::Duration) -> f64 {
    of.as_secs_f64()
}

/// Converts kibibytes to mebibytes.
pub fn mebibytes(kibibytes: u32) -> f64 {
    f64::from(kibibytes) / 1024.0
}
