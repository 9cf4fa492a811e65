//! The code of `derive(Model)`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Data, DeriveInput, Expr, Field, Fields, Ident, Result, Token};

use crate::field::Attribute;
use crate::options::{self, Errors};

pub(crate) fn model(input: &DeriveInput) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let attributes: Vec<_> = match fields(input, &mut errors) {
        Some(fields) => fields
            .iter()
            .map(|field| Attribute::read(field, &mut errors))
            .collect(),
        None => Vec::new(),
    };
    if !input.generics.params.is_empty() {
        errors.at(&input.generics, "a model is not generic");
    }
    for (index, attribute) in attributes.iter().enumerate() {
        let twice = attributes[..index]
            .iter()
            .any(|before| before.name == attribute.name);
        if twice && !attribute.is_flatten() {
            let text = format!("the attribute \"{}\" is declared twice", attribute.name);
            errors.at(&attribute.field.ident, text);
        }
    }
    let schema = schema(input, &attributes, &mut errors);
    errors.result(code(input, &attributes, &schema))
}

/// The fields of a struct, if it has any.
fn fields<'a>(input: &'a DeriveInput, errors: &mut Errors) -> Option<&'a Punctuated<Field, Token![,]>> {
    let Data::Struct(data) = &input.data else {
        errors.at(&input.ident, "a model is a struct");
        return None;
    };
    match &data.fields {
        Fields::Named(fields) => Some(&fields.named),
        Fields::Unit => None,
        Fields::Unnamed(fields) => {
            errors.at(fields, "an attribute has a name: use named fields");
            None
        }
    }
}

/// The expression of the schema.
fn schema(input: &DeriveInput, attributes: &[Attribute<'_>], errors: &mut Errors) -> TokenStream {
    let mut description = None;
    let mut version: Option<Expr> = None;
    let mut rules: Vec<(Ident, Vec<Ident>)> = Vec::new();
    let known = [&["version", "description"][..], options::RULES].concat();
    options::read(&input.attrs, &known, errors, |option, meta| {
        match option.to_string().as_str() {
            "version" => version = Some(options::value(meta)?),
            "description" => description = Some(options::value(meta)?),
            rule if options::RULES.contains(&rule) => rules.push((option.clone(), options::names(meta)?)),
            _ => return Ok(false),
        }
        Ok(true)
    });
    let flattens = attributes.iter().any(Attribute::is_flatten);
    for (rule, names) in &rules {
        if names.len() < 2 {
            errors.at(rule, format!("`{rule}` needs two attributes"));
        }
        for name in names {
            match attributes.iter().find(|a| *name == a.name) {
                Some(attribute) if attribute.is_settable() => {}
                // The attribute may be one of the other model. `validate_implementation` reports it otherwise.
                None if flattens => {}
                _ => errors.at(name, format!("`{name}` is no argument of this block")),
            }
        }
    }
    let description = description
        .map(|expression| quote!(#expression))
        .or_else(|| options::description(&input.attrs))
        // A nested object has the description of its attribute.
        .unwrap_or_else(|| quote!(""));
    let version = version.map(|version| quote!(.version(#version)));
    let rules = rules.iter().map(|(rule, names)| {
        let variant = variant(rule);
        let names = names.iter().map(ToString::to_string);
        quote!(::terraform_plugin::Rule::#variant(&[#(#names),*]))
    });
    let declare = attributes.iter().map(Attribute::declare);
    quote! {
        #[allow(unused_mut)]
        let mut schema = ::terraform_plugin::Schema::new(#description, []).rules([#(#rules),*]) #version;
        #(#declare)*
        schema
    }
}

/// The variant of `Rule` for an option: `exactly_one_of` is `ExactlyOneOf`.
fn variant(option: &Ident) -> Ident {
    let words = option.to_string();
    let words = words.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    Ident::new(&words.collect::<String>(), option.span())
}

fn code(input: &DeriveInput, attributes: &[Attribute<'_>], schema: &TokenStream) -> TokenStream {
    let name = &input.ident;
    let read = attributes.iter().map(Attribute::read_field);
    let write = attributes.iter().map(Attribute::write_field);
    quote! {
        #[automatically_derived]
        impl ::terraform_plugin::Model for #name {
            fn schema() -> ::terraform_plugin::Schema {
                #schema
            }

            #[allow(unused_variables)]
            fn read(fields: &::terraform_plugin::Fields<'_>) -> ::core::result::Result<Self, ::terraform_plugin::InvalidValue> {
                ::core::result::Result::Ok(Self { #(#read)* })
            }

            #[allow(unused_variables)]
            fn write(&self, fields: &mut ::terraform_plugin::FieldsMut) {
                #(#write)*
            }
        }

        #[automatically_derived]
        impl ::terraform_plugin::AttributeType for #name {
            fn kind() -> ::terraform_plugin::Kind {
                ::terraform_plugin::Kind::Nested(
                    ::terraform_plugin::Nesting::Single,
                    <Self as ::terraform_plugin::Model>::schema(),
                )
            }

            fn from_value(value: &::terraform_plugin::Value) -> ::core::result::Result<Self, ::terraform_plugin::InvalidValue> {
                ::terraform_plugin::from_value(value)
            }

            fn to_value(&self) -> ::terraform_plugin::Value {
                ::terraform_plugin::to_object(self)
            }
        }
    }
}
