//! A panic in a handler is an error for the user, never the end of the process.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo};

use futures_util::FutureExt;

use crate::diagnostics::Diagnostic;

thread_local! {
    static WHERE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Replaces the process's panic hook by one that remembers where the panic was, for the
/// diagnostic, and tells `report`. Rust's own hook would print the message of the panic, and that
/// may quote a secret: only a message that is a literal of the program is passed on.
pub fn install_hook(report: impl Fn(&str) + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        let place = info
            .location()
            .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let told = format!("panic at {place}: {}", literal(info.payload()));
        WHERE.with_borrow_mut(|place| *place = Some(told.clone()));
        report(&told);
    }));
}

fn literal(payload: &(dyn Any + Send)) -> &'static str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("message withheld, since it may quote a secret")
}

/// Runs a handler to its end.
///
/// # Errors
/// A diagnostic if it panicked. What it had lent to it may be half done, and is still there.
pub async fn catch_panic<T>(handler: impl Future<Output = T>) -> Result<T, Diagnostic> {
    AssertUnwindSafe(handler).catch_unwind().await.map_err(|payload| {
        let place = WHERE
            .take()
            .unwrap_or_else(|| format!("panic: {}", literal(&*payload)));
        Diagnostic::error(
            "The provider crashed in this operation",
            format!(
                "This is a bug in the provider, which goes on running: please report it with these words: \
                 {place}."
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_diagnostic_that_quotes_no_formatted_text() {
        let secret = "Splunk s3cret";
        let catch_panic = catch_panic(async { assert_eq!(secret, "x", "{secret}") }).await;
        let diagnostic = catch_panic.unwrap_err();
        assert!(diagnostic.detail.contains("panic"), "{diagnostic:?}");
        assert!(!diagnostic.detail.contains(secret), "{diagnostic:?}");
    }
}
