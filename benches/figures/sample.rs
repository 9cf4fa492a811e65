//! Samples of measurements.

#[derive(Debug, Clone, Default)]
pub struct Sample(Vec<f64>);

impl Sample {
    pub fn push(&mut self, value: f64) {
        self.0.push(value);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn median(&self) -> f64 {
        self.quartile(2)
    }

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

pub fn milliseconds(of: std::time::Duration) -> f64 {
    seconds(of) * 1e3
}

pub fn seconds(of: std::time::Duration) -> f64 {
    of.as_secs_f64()
}

pub fn mebibytes(kibibytes: u32) -> f64 {
    f64::from(kibibytes) / 1024.0
}
