//! A table in Markdown.

pub struct Table(Vec<Vec<String>>);

impl Table {
    /// A table with these headings.
    pub fn new<H: Into<String>>(headings: impl IntoIterator<Item = H>) -> Self {
        Self(vec![headings.into_iter().map(Into::into).collect()])
    }

    pub fn row<C: Into<String>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.0.push(cells.into_iter().map(Into::into).collect());
    }

    pub fn print(&self) {
        for (number, cells) in self.0.iter().enumerate() {
            println!("| {} |", cells.join(" | "));
            if number == 0 {
                println!("|{}", "---|".repeat(cells.len()));
            }
        }
    }
}
