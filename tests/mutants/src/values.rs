//! What a function of a type could answer without doing its work.

use syn::{GenericArgument, PathArguments, Type};

/// As many values as one function is tried with.
const MOST: usize = 4;

/// Expressions of a type, simplest first; none for a type that cannot be made up (`impl Trait`, `!`).
pub(crate) fn of(ty: &Type) -> Vec<String> {
    let mut values = all(ty);
    values.dedup();
    values.truncate(MOST);
    values
}

/// The last word of a type's path.
pub(crate) fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Path(p) => p.path.segments.last().map(|s| s.ident.to_string()),
        Type::Reference(r) => last_name(&r.elem),
        _ => None,
    }
}

fn all(ty: &Type) -> Vec<String> {
    match ty {
        Type::Path(p) => {
            p.path.segments.last().map_or_else(Vec::new, |s| named(&s.ident.to_string(), &inside(&s.arguments)))
        }
        Type::Tuple(t) if t.elems.is_empty() => strings(&["()"]),
        Type::Tuple(t) => {
            let firsts: Option<Vec<String>> = t.elems.iter().map(|e| all(e).into_iter().next()).collect();
            firsts.map(|f| format!("({},)", f.join(", "))).into_iter().collect()
        }
        Type::Array(a) => match &a.len {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(n), .. }) => map(&all(&a.elem), |v| format!("[{v}; {n}]")),
            _ => strings(&["Default::default()"]),
        },
        Type::Reference(r) if r.mutability.is_some() => Vec::new(),
        Type::Reference(r) => match &*r.elem {
            Type::Path(p) if p.path.is_ident("str") => strings(&["\"\"", "\"xyzzy\""]),
            Type::Slice(s) => {
                let mut values = strings(&["&[]"]);
                values.extend(map(&all(&s.elem), |v| format!("Vec::leak(vec![{v}])")));
                values
            }
            other => map(&all(other), |v| format!("Box::leak(Box::new({v}))")),
        },
        _ => Vec::new(),
    }
}

fn named(name: &str, inside: &[&Type]) -> Vec<String> {
    let first = || inside.first().map_or_else(|| strings(&["Default::default()"]), |t| all(t));
    match name {
        "bool" => strings(&["true", "false"]),
        "String" => strings(&["String::new()", "\"xyzzy\".into()"]),
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => strings(&["0", "1"]),
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => strings(&["0", "1", "-1"]),
        "f32" | "f64" => strings(&["0.0", "1.0", "-1.0"]),
        "Option" => {
            let mut values = strings(&["None"]);
            values.extend(map(&first(), |v| format!("Some({v})")));
            values
        }
        "Vec" => {
            let mut values = strings(&["vec![]"]);
            values.extend(map(&first(), |v| format!("vec![{v}]")));
            values
        }
        "Box" | "Arc" | "Rc" => map(&first(), |v| format!("{name}::new({v})")),
        "Cow" => strings(&["Default::default()"]),
        _ if name.ends_with("Result") && inside.is_empty() => strings(&["Ok(())", "Ok(Default::default())"]),
        _ if name.ends_with("Result") => map(&first(), |v| format!("Ok({v})")),
        _ => strings(&["Default::default()"]),
    }
}

fn inside(arguments: &PathArguments) -> Vec<&Type> {
    let PathArguments::AngleBracketed(given) = arguments else { return Vec::new() };
    let types = given.args.iter().filter_map(|a| match a {
        GenericArgument::Type(t) => Some(t),
        _ => None,
    });
    types.collect()
}

fn strings(values: &[&str]) -> Vec<String> {
    values.iter().map(|&v| v.to_owned()).collect()
}

fn map(values: &[String], form: impl Fn(&String) -> String) -> Vec<String> {
    values.iter().map(form).collect()
}
