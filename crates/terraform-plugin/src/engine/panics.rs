//! Converts a panic in a handler to a diagnostic. The process continues.

use std::any::Any;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};

use futures_util::FutureExt;

use crate::diagnostics::{Diagnostic, Diagnostics};

thread_local! {
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Replaces the panic hook of the process. The new hook passes the location of a panic to `report` and to the
/// diagnostic of [`catch_panic`], and the message only if it is a string literal: other messages may contain a secret.
/// The default hook prints every message.
pub fn install_hook(report: impl Fn(&str) + Send + Sync + 'static) {
    std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        let place = info
            .location()
            .map_or_else(|| "an unknown location".to_owned(), ToString::to_string);
        let text = format!("panic at {place}: {}", literal(info.payload()));
        LAST_PANIC.with_borrow_mut(|last| *last = Some(text.clone()));
        report(&text);
    }));
}

fn literal(payload: &(dyn Any + Send)) -> &'static str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .unwrap_or("the message is withheld because it may contain a secret")
}

/// Runs a handler to completion. A panic is an error: values that the handler borrowed may then be incomplete.
pub(crate) async fn catch_panic<T>(
    handler: impl Future<Output = Result<T, Diagnostics>>,
) -> Result<T, Diagnostics> {
    let result = AssertUnwindSafe(handler).catch_unwind().await;
    result.unwrap_or_else(|payload| Err(diagnostic(&*payload).into()))
}

/// Runs a synchronous handler.
pub(crate) fn catch_panic_sync<T>(handler: impl FnOnce() -> T) -> Result<T, Diagnostic> {
    catch_unwind(AssertUnwindSafe(handler)).map_err(|payload| diagnostic(&*payload))
}

fn diagnostic(payload: &(dyn Any + Send)) -> Diagnostic {
    let place = LAST_PANIC
        .take()
        .unwrap_or_else(|| format!("panic: {}", literal(payload)));
    Diagnostic::error(
        "The provider crashed in this operation",
        format!(
            "This is a bug in the provider, which continues to run. Please report it with this text: {place}."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn catch_panic_formatted_message_returns_diagnostic_without_it() {
        let secret = "Splunk s3cret";
        let result = catch_panic::<()>(async { panic!("{secret}") }).await;
        let errors = result.unwrap_err();
        let diagnostic = errors.iter().next().unwrap();
        assert!(diagnostic.detail.contains("panic"), "{diagnostic:?}");
        assert!(!diagnostic.detail.contains(secret), "{diagnostic:?}");
    }
}
