//! The content of `#[tf(..)]` and of doc comments.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, Expr, Ident, LitStr, Result, Token, parenthesized};

/// Collects errors, to report all at once.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn at(&mut self, tokens: impl ToTokens, text: impl std::fmt::Display) {
        self.push(Error::new_spanned(tokens, text));
    }

    pub(crate) fn result<T>(self, value: T) -> Result<T> {
        self.0.map_or(Ok(value), Err)
    }
}

/// Reads the options in all `#[tf(..)]` of an item. `read` returns whether it knows the option.
pub(crate) fn read(
    attributes: &[Attribute],
    known: &[&str],
    errors: &mut Errors,
    mut read: impl FnMut(&Ident, &ParseNestedMeta<'_>) -> Result<bool>,
) {
    let mut seen: Vec<Ident> = Vec::new();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("tf")) {
        let parsed = attribute.parse_nested_meta(|meta| {
            let Some(name) = meta.path.get_ident().cloned() else {
                return Err(meta.error("expected the name of an option"));
            };
            if seen.contains(&name) && name != "validate" && !RULES.contains(&name.to_string().as_str()) {
                return Err(meta.error(format!("`{name}` is given twice")));
            }
            seen.push(name.clone());
            if read(&name, &meta)? {
                return Ok(());
            }
            Err(meta.error(format!("unknown option `{name}`: known are {}", known.join(", "))))
        });
        if let Err(error) = parsed {
            errors.push(error);
        }
    }
}

/// The rules over several attributes, which can be repeated.
pub(crate) const RULES: &[&str] = &[
    "exactly_one_of",
    "at_least_one_of",
    "conflicts",
    "required_together",
    "required_with",
];

/// The expression after `=`.
pub(crate) fn value(meta: &ParseNestedMeta<'_>) -> Result<Expr> {
    meta.value()?.parse()
}

/// The names in parentheses.
pub(crate) fn names(meta: &ParseNestedMeta<'_>) -> Result<Vec<Ident>> {
    let content;
    parenthesized!(content in meta.input);
    let names = content.parse_terminated(<Ident as syn::ext::IdentExt>::parse_any, Token![,])?;
    Ok(names.into_iter().collect())
}

/// The Markdown of a doc comment. Lines of one paragraph become one line, except in lists, tables and code.
pub(crate) fn description(attributes: &[Attribute]) -> Option<TokenStream> {
    let mut lines = Vec::new();
    for attribute in attributes.iter().filter(|a| a.path().is_ident("doc")) {
        let Ok(name_value) = attribute.meta.require_name_value() else {
            continue;
        };
        match &name_value.value {
            Expr::Lit(literal) => match &literal.lit {
                syn::Lit::Str(text) => lines.extend(text.value().split('\n').map(str::to_owned)),
                other => return Some(quote!(#other)),
            },
            // `#[doc = concat!(..)]`
            expression => return Some(quote!(#expression)),
        }
    }
    let text = markdown(&lines);
    (!text.is_empty()).then(|| LitStr::new(&text, Span::call_site()).into_token_stream())
}

fn markdown(lines: &[String]) -> String {
    let (mut text, mut code, mut joins) = (String::new(), false, false);
    for line in lines {
        let line = line.strip_prefix(' ').unwrap_or(line).trim_end();
        let fence = line.trim_start().starts_with("```");
        let block = code || fence || is_block(line) || line.is_empty();
        if !text.is_empty() {
            text.push(if joins && !block { ' ' } else { '\n' });
        }
        text.push_str(line);
        code ^= fence;
        // An item of a list can continue on the next line.
        joins = !code && !fence && !line.is_empty() && !line.starts_with(['|', '#']);
    }
    text.trim().to_owned()
}

/// Whether a line begins an item of a list, a row of a table or a heading.
fn is_block(line: &str) -> bool {
    let line = line.trim_start();
    let numbered = line
        .split_once(". ")
        .is_some_and(|(number, _)| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()));
    numbered || line.starts_with("- ") || line.starts_with("* ") || line.starts_with(['|', '#'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn description_joins_doc_comments() {
        let item: syn::DeriveInput = syn::parse_str("/// One\n/// line.\n///\n/// More.\nstruct S;").unwrap();
        let text: LitStr = syn::parse2(description(&item.attrs).unwrap()).unwrap();
        assert_eq!(text.value(), "One line.\n\nMore.");
    }

    #[test]
    fn markdown_paragraphs_are_joined_and_lists_are_kept() {
        let lines = [
            " One", " line.", "", " - a", "   b", " - c", "", " | x |", " | - |", " end",
        ];
        assert_eq!(
            markdown(&lines.map(str::to_owned)),
            "One line.\n\n- a   b\n- c\n\n| x |\n| - |\nend"
        );
    }
}
