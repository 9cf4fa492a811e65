//! A field of a model: its options and its code.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprPath, Field, GenericArgument, Ident, LitStr, PathArguments, Type};

use crate::options::{self, Errors};

/// The options without a value.
const FLAGS: &[&str] = &[
    "required",
    "optional",
    "computed",
    "sensitive",
    "write_only",
    "requires_replace",
    "use_state_for_unknown",
    "set",
    "text",
    "flatten",
];
/// The options with a value.
const VALUES: &[&str] = &[
    "default",
    "redact_parts",
    "semantic_equality",
    "validate",
    "attribute",
    "identity",
    "deprecated",
    "description",
];

/// The types whose values are unknown as a whole or not at all.
const PRIMITIVE: &[&str] = &["String", "bool", "i64", "f64", "Secret", "Number"];

/// A field with its options.
pub(crate) struct Attribute<'a> {
    pub(crate) field: &'a Field,
    pub(crate) name: String,
    flags: Vec<Ident>,
    default: Option<Expr>,
    is_identity: bool,
    /// The further options, as calls of the builder.
    calls: Vec<TokenStream>,
    description: Option<TokenStream>,
}

impl<'a> Attribute<'a> {
    pub(crate) fn read(field: &'a Field, errors: &mut Errors) -> Self {
        let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut attribute = Self {
            field,
            name: name.trim_start_matches("r#").to_owned(),
            flags: Vec::new(),
            default: None,
            is_identity: false,
            calls: Vec::new(),
            description: None,
        };
        let mut description = None;
        options::read(&field.attrs, &[FLAGS, VALUES].concat(), errors, |option, meta| {
            match option.to_string().as_str() {
                flag if FLAGS.contains(&flag) => attribute.flags.push(option.clone()),
                "default" => attribute.default = Some(options::value(meta)?),
                "validate" => {
                    let validator = options::value(meta)?;
                    attribute.calls.push(quote!(validator(#validator)));
                }
                "redact_parts" | "semantic_equality" => {
                    let function = options::value(meta)?;
                    attribute.calls.push(quote!(#option(#function)));
                }
                "attribute" => attribute.name = meta.value()?.parse::<LitStr>()?.value(),
                "deprecated" => {
                    let reason: LitStr = meta.value()?.parse()?;
                    attribute.calls.push(quote!(deprecated(#reason)));
                }
                "description" => description = Some(options::value(meta)?),
                "identity" => {
                    let required = required_for_import(meta)?;
                    attribute.is_identity = true;
                    attribute.calls.push(quote!(identity(#required)));
                }
                _ => return Ok(false),
            }
            Ok(true)
        });
        attribute.description = description
            .map(|expression| quote!(#expression))
            .or_else(|| options::description(&field.attrs));
        attribute.check(errors);
        attribute
    }

    fn flag(&self, name: &str) -> Option<&Ident> {
        self.flags.iter().find(|flag| *flag == name)
    }

    pub(crate) fn is_flatten(&self) -> bool {
        self.flag("flatten").is_some()
    }

    /// Whether the user can set the attribute.
    pub(crate) fn is_settable(&self) -> bool {
        self.flag("required").is_some() || self.flag("optional").is_some() || self.default.is_some()
    }

    fn check(&self, errors: &mut Errors) {
        if let Some(flatten) = self.flag("flatten") {
            if self.flags.len() > 1 || self.default.is_some() || !self.calls.is_empty() {
                errors.at(
                    flatten,
                    "`flatten` stands alone: the options are those of the other model",
                );
            }
            return;
        }
        for (name, other) in [
            ("required", "optional"),
            ("required", "computed"),
            ("write_only", "computed"),
        ] {
            if let (Some(_), Some(other)) = (self.flag(name), self.flag(other)) {
                errors.at(other, format!("`{name}` excludes `{other}`"));
            }
        }
        if let Some(default) = &self.default {
            for name in ["required", "write_only"] {
                if self.flag(name).is_some() {
                    errors.at(default, format!("`{name}` excludes a default"));
                }
            }
        }
        if !self.is_settable() && self.flag("computed").is_none() {
            let name = &self.field.ident;
            errors.at(
                name,
                "who sets this attribute? Add #[tf(required)], #[tf(optional)], #[tf(computed)] or a default",
            );
        }
        if let Some(keeps) = self.flag("use_state_for_unknown")
            && self.flag("computed").is_none()
            && self.default.is_none()
        {
            errors.at(keeps, "only a computed attribute keeps its value");
        }
        if self.is_identity && (self.flag("sensitive").is_some() || self.flag("write_only").is_some()) {
            errors.at(&self.field.ident, "a secret cannot be part of the identity");
        }
        if self.description.is_none() {
            errors.at(
                &self.field.ident,
                "a doc comment is missing: it is the description of the attribute",
            );
        }
        self.check_type(errors);
    }

    fn check_type(&self, errors: &mut Errors) {
        let ty = &self.field.ty;
        let Some(inner) = argument(ty, "Attr") else {
            errors.at(
                ty,
                "a field is an `Attr<_>`: every attribute can be null or unknown",
            );
            return;
        };
        let list = argument(inner, "Vec");
        if let (Some(set), None) = (self.flag("set"), list) {
            errors.at(set, "only a `Vec` can be a set");
        }
        let element = list.or_else(|| argument(inner, "BTreeMap"));
        if let Some(element) = element
            && self.is_settable()
            && PRIMITIVE.iter().any(|name| is_named(element, name))
        {
            errors.at(
                element,
                "an element that the user sets can be unknown: wrap it in `Attr<_>`",
            );
        }
    }

    /// The expression that creates the attribute in the schema.
    fn schema(&self) -> TokenStream {
        let (name, ty) = (&self.name, &self.field.ty);
        let span = argument(ty, "Attr").map_or_else(|| ty.span(), Spanned::span);
        let mut code = quote_spanned!(span=> <#ty as ::terraform_plugin::AttributeType>::kind());
        if self.flag("set").is_some() {
            code = quote!(#code.into_set());
        }
        if self.flag("text").is_some() {
            code = quote!(<::std::string::String as ::terraform_plugin::AttributeType>::kind());
        }
        let mut code = quote!(::terraform_plugin::Attribute::new(#name, #code));
        for flag in &self.flags {
            if flag != "set" && flag != "text" {
                code = quote!(#code.#flag());
            }
        }
        if let Some(default) = &self.default {
            let text: Type = syn::parse_quote!(::std::string::String);
            let inner = argument(ty, "Attr").unwrap_or(ty);
            let inner = if self.flag("text").is_some() { &text } else { inner };
            let optional = (self.flag("optional").is_none()).then(|| quote!(.optional()));
            let value = quote_spanned! {default.span()=> {
                let value: #inner = ::core::convert::Into::into(#default);
                ::terraform_plugin::AttributeType::to_value(&value)
            }};
            code = quote!(#code #optional .default(#value));
        }
        for call in &self.calls {
            code = quote!(#code.#call);
        }
        let description = &self.description;
        quote!(#code.description(#description))
    }

    /// The statement that adds the attribute, or those of a flattened model, to `schema`.
    pub(crate) fn declare(&self) -> TokenStream {
        let ty = &self.field.ty;
        if self.is_flatten() {
            quote_spanned!(ty.span()=> schema.flatten(<#ty as ::terraform_plugin::Model>::schema());)
        } else {
            let attribute = self.schema();
            quote!(schema.add(#attribute);)
        }
    }

    /// The field in the expression of the struct.
    pub(crate) fn read_field(&self) -> TokenStream {
        let (field, name) = (&self.field.ident, &self.name);
        if self.is_flatten() {
            quote!(#field: ::terraform_plugin::Model::read(fields)?,)
        } else if self.flag("text").is_some() {
            quote!(#field: fields.get_text(#name)?,)
        } else {
            quote!(#field: fields.get(#name)?,)
        }
    }

    /// The statement that writes the field.
    pub(crate) fn write_field(&self) -> TokenStream {
        let (field, name) = (&self.field.ident, &self.name);
        if self.is_flatten() {
            quote!(::terraform_plugin::Model::write(&self.#field, fields);)
        } else if self.flag("text").is_some() {
            quote!(fields.put_text(#name, &self.#field);)
        } else {
            quote!(fields.put(#name, &self.#field);)
        }
    }
}

/// `identity` or `identity = optional`.
fn required_for_import(meta: &syn::meta::ParseNestedMeta<'_>) -> syn::Result<bool> {
    if !meta.input.peek(syn::Token![=]) {
        return Ok(true);
    }
    let value: ExprPath = meta.value()?.parse()?;
    if value.path.is_ident("optional") {
        Ok(false)
    } else {
        Err(Error::new_spanned(
            value,
            "expected `identity` or `identity = optional`",
        ))
    }
}

/// The last argument of a generic type with this name.
fn argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let last = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        return None;
    };
    match arguments.args.last()? {
        GenericArgument::Type(argument) if last.ident == name => Some(argument),
        _ => None,
    }
}

fn is_named(ty: &Type, name: &str) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == name))
}
