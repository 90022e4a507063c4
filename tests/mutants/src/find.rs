//! Finds in a source file what can be changed, and says how each change stands beside what is there.

use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, BinOp, Block, Expr, ExprBinary, ExprMatch, ExprUnary, Pat, ReturnType, Signature, UnOp};

use crate::values;

/// One change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Mutant {
    /// From 1.
    pub(crate) line: usize,
    /// In words, with the function it stands in.
    pub(crate) what: String,
}

/// What stands at one place of the source instead of what is there.
#[derive(Debug)]
pub(crate) struct Site {
    /// Bytes of the source that it takes the place of.
    pub(crate) range: Range<usize>,
    pub(crate) pieces: Vec<Piece>,
}

/// A piece of a [`Site`].
#[derive(Debug)]
pub(crate) enum Piece {
    Text(&'static str),
    /// Bytes of the source, with the sites in them.
    Hole(Range<usize>),
    /// What is there for one change only: `before`, the question whether it is on, `after`.
    Choice {
        mutant: usize,
        before: &'static str,
        after: Vec<Piece>,
    },
    Owned(String),
}

/// All changes of one file, and where they go. A choice's `mutant` is an index into the first.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) mutants: Vec<Mutant>,
    /// Outer before inner, and in the order of the source.
    pub(crate) sites: Vec<Site>,
}

/// Finds them.
///
/// # Errors
/// The source does not parse.
pub(crate) fn find(source: &str) -> syn::Result<Found> {
    let file = syn::parse_file(source)?;
    let mut finder = Finder { found: Found::default(), within: Vec::new() };
    finder.visit_file(&file);
    Ok(finder.found)
}

struct Finder {
    found: Found,
    /// Names of the types and functions around.
    within: Vec<String>,
}

impl Finder {
    fn mutant(&mut self, at: proc_macro2::Span, what: &str) -> usize {
        let what = format!("{what} in {}", self.within.join("::"));
        self.found.mutants.push(Mutant { line: at.start().line, what });
        self.found.mutants.len() - 1
    }

    fn choice(&mut self, at: proc_macro2::Span, what: &str, before: &'static str, after: Vec<Piece>) -> Piece {
        Piece::Choice { mutant: self.mutant(at, what), before, after }
    }

    fn site(&mut self, range: Range<usize>, pieces: Vec<Piece>) {
        self.found.sites.push(Site { range, pieces });
    }

    fn named(&mut self, name: &str, go: impl FnOnce(&mut Self)) {
        self.within.push(name.to_owned());
        go(self);
        self.within.pop();
    }

    /// A function that answers at once, with what its type has to offer.
    fn function(&mut self, sig: &Signature, block: &Block) {
        // What is computed while compiling cannot ask which change is on.
        if sig.constness.is_some() || block.stmts.is_empty() {
            return;
        }
        let values = match &sig.output {
            ReturnType::Default => vec!["()".to_owned()],
            ReturnType::Type(_, of) => values::of(of),
        };
        let inside = block.brace_token.span.open().byte_range().end;
        let mut pieces = Vec::new();
        for value in values {
            let what = format!("answer {value}");
            let after = vec![Piece::Owned(format!(" {{ return {value}; }}"))];
            pieces.push(self.choice(sig.ident.span(), &what, " if ", after));
        }
        self.site(inside..inside, pieces);
    }

    fn whole(&mut self, attrs: &[Attribute], sig: &Signature, block: &Block) {
        if for_tests(attrs) {
            return;
        }
        self.named(&sig.ident.to_string(), |f| {
            f.function(sig, block);
            if sig.constness.is_none() {
                f.visit_block(block);
            }
        });
    }
}

/// Whether something is there for tests only, or by the language's own rule (`derive` and `macro_rules!` are never visited).
fn for_tests(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|a| {
        a.path().is_ident("test")
            || a.path().is_ident("cfg")
                && a.parse_args::<proc_macro2::TokenStream>().is_ok_and(|t| {
                    let words = t.to_string();
                    words == "test" || words.starts_with("any (test") || words.contains("feature = \"forge\"")
                })
    })
}

fn holds_let(e: &Expr) -> bool {
    match e {
        Expr::Let(_) => true,
        Expr::Binary(b) if matches!(b.op, BinOp::And(_)) => holds_let(&b.left) || holds_let(&b.right),
        _ => false,
    }
}

fn hole(of: &impl Spanned) -> Piece {
    Piece::Hole(of.span().byte_range())
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        // How something is printed for developers is nobody's promise, and what is empty by default is what `Default` says.
        let of = item.trait_.as_ref().and_then(|(path, _)| path.segments.last()).map(|s| s.ident.to_string());
        if for_tests(&item.attrs) || of.is_some_and(|t| t == "Debug" || t == "Default") {
            return;
        }
        let name = values::last_name(&item.self_ty).unwrap_or_else(|| "impl".to_owned());
        self.named(&name, |f| visit::visit_item_impl(f, item));
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.named(&item.ident.to_string(), |f| visit::visit_item_trait(f, item));
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.whole(&item.attrs, &item.sig, &item.block);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.whole(&item.attrs, &item.sig, &item.block);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.whole(&item.attrs, &item.sig, block);
        }
    }

    // What is computed while compiling.
    fn visit_item_const(&mut self, _: &'ast syn::ItemConst) {}
    fn visit_item_static(&mut self, _: &'ast syn::ItemStatic) {}
    fn visit_impl_item_const(&mut self, _: &'ast syn::ImplItemConst) {}
    fn visit_trait_item_const(&mut self, _: &'ast syn::TraitItemConst) {}
    fn visit_item_enum(&mut self, _: &'ast syn::ItemEnum) {}
    fn visit_item_struct(&mut self, _: &'ast syn::ItemStruct) {}
    fn visit_type(&mut self, _: &'ast syn::Type) {}
    fn visit_expr_const(&mut self, _: &'ast syn::ExprConst) {}
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
    fn visit_expr_repeat(&mut self, e: &'ast syn::ExprRepeat) {
        self.visit_expr(&e.expr);
    }

    fn visit_pat(&mut self, pat: &'ast Pat) {
        // Of patterns only what a guard asks.
        if let Pat::Guard(g) = pat {
            self.visit_expr(&g.guard);
        }
    }

    fn visit_expr_binary(&mut self, e: &'ast ExprBinary) {
        let with_let = matches!(e.op, BinOp::And(_)) && (holds_let(&e.left) || holds_let(&e.right));
        if !with_let {
            self.binary(e);
        }
        visit::visit_expr_binary(self, e);
    }

    fn visit_expr_unary(&mut self, e: &'ast ExprUnary) {
        let sign = match e.op {
            UnOp::Not(_) => Some(("!", "{ !v } })")),
            UnOp::Neg(_) if !matches!(*e.expr, Expr::Lit(_)) => Some(("-", "{ -v } })")),
            _ => None,
        };
        if let Some((sign, rest)) = sign {
            let gone = self.choice(e.op.span(), &format!("leave out {sign}"), "if ", vec![Piece::Text(" { v } else ")]);
            let pieces = vec![Piece::Text("(match "), hole(&e.expr), Piece::Text(" { v => "), gone, Piece::Text(rest)];
            self.site(e.span().byte_range(), pieces);
        }
        visit::visit_expr_unary(self, e);
    }

    fn visit_expr_match(&mut self, e: &'ast ExprMatch) {
        let rest = e.arms.iter().any(|arm| matches!(arm.pat, Pat::Wild(_)));
        self.visit_expr(&e.expr);
        for arm in &e.arms {
            if rest || matches!(arm.pat, Pat::Guard(_)) {
                self.arm(&arm.pat, rest);
            }
            self.visit_pat(&arm.pat);
            self.visit_expr(&arm.body);
        }
    }
}

impl Finder {
    fn arm(&mut self, pat: &Pat, rest: bool) {
        if matches!(pat, Pat::Wild(_)) {
            return;
        }
        let mut pieces = Vec::new();
        if rest {
            pieces.push(self.choice(pat.span(), "leave out an arm of match", " && !", vec![]));
        }
        match pat {
            Pat::Guard(g) => {
                if holds_let(&g.guard) {
                    return;
                }
                let at = g.guard.span();
                pieces.insert(0, Piece::Text("true"));
                pieces.push(Piece::Text(" && (false"));
                pieces.push(self.choice(at, "let a guard pass", " || ", vec![]));
                pieces.push(Piece::Text(" || (true"));
                pieces.push(self.choice(at, "let a guard fail", " && !", vec![]));
                pieces.extend([Piece::Text(" && ("), hole(&g.guard), Piece::Text(")))")]);
                self.site(at.byte_range(), pieces);
            }
            _ => {
                let end = pat.span().byte_range().end;
                pieces.insert(0, Piece::Text(" if true"));
                self.site(end..end, pieces);
            }
        }
    }

    fn binary(&mut self, e: &ExprBinary) {
        let Some((sign, others, kind)) = others(&e.op) else { return };
        let (at, left, right) = (e.op.span(), e.left.span().byte_range(), e.right.span().byte_range());
        let (l, r) = match kind {
            Kind::Compare => ("*l", "*r"),
            Kind::Logic | Kind::Compute | Kind::Assign => ("l", "r"),
        };
        let said = |sign: &str| match kind {
            Kind::Compare | Kind::Compute => vec![Piece::Owned(format!("{{ {l} {sign} {r} }}"))],
            Kind::Logic => {
                vec![Piece::Owned(format!("{{ l {sign} (")), Piece::Hole(right.clone()), Piece::Text(") }")]
            }
            Kind::Assign => vec![
                Piece::Text("{ "),
                Piece::Hole(left.clone()),
                Piece::Owned(format!(" {sign} ")),
                Piece::Hole(right.clone()),
                Piece::Text(" }"),
            ],
        };
        let mut pieces = match kind {
            Kind::Compare => vec![
                Piece::Text("(match (&("),
                Piece::Hole(left.clone()),
                Piece::Text("), &("),
                Piece::Hole(right.clone()),
                Piece::Text(")) { (l, r) => "),
            ],
            Kind::Compute => vec![
                Piece::Text("(match ("),
                Piece::Hole(left.clone()),
                Piece::Text(", "),
                Piece::Hole(right.clone()),
                Piece::Text(") { (l, r) => "),
            ],
            Kind::Logic => vec![Piece::Text("(match ("), Piece::Hole(left.clone()), Piece::Text(") { l => ")],
            Kind::Assign => vec![Piece::Text("{ ")],
        };
        for other in others {
            let mut after = vec![Piece::Text(" ")];
            after.extend(said(other));
            after.push(Piece::Text(" else "));
            pieces.push(self.choice(at, &format!("{sign} becomes {other}"), "if ", after));
        }
        pieces.extend(said(sign));
        pieces.push(Piece::Text(match kind {
            Kind::Assign => " }",
            _ => " })",
        }));
        self.site(e.span().byte_range(), pieces);
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Compare,
    Logic,
    Compute,
    Assign,
}

/// An operator's sign, the signs that could stand in its place, and how it takes its sides.
fn others(op: &BinOp) -> Option<(&'static str, &'static [&'static str], Kind)> {
    use Kind::{Assign, Compare, Compute, Logic};
    Some(match op {
        BinOp::Eq(_) => ("==", &["!="], Compare),
        BinOp::Ne(_) => ("!=", &["=="], Compare),
        BinOp::Lt(_) => ("<", &["==", ">", "<="], Compare),
        BinOp::Gt(_) => (">", &["==", "<", ">="], Compare),
        BinOp::Le(_) => ("<=", &[">", "<"], Compare),
        BinOp::Ge(_) => (">=", &["<", ">"], Compare),
        BinOp::And(_) => ("&&", &["||"], Logic),
        BinOp::Or(_) => ("||", &["&&"], Logic),
        BinOp::Add(_) => ("+", &["-", "*"], Compute),
        BinOp::Sub(_) => ("-", &["+", "/"], Compute),
        BinOp::Mul(_) => ("*", &["+", "/"], Compute),
        BinOp::Div(_) => ("/", &["%", "*"], Compute),
        BinOp::Rem(_) => ("%", &["/", "+"], Compute),
        BinOp::Shl(_) => ("<<", &[">>"], Compute),
        BinOp::Shr(_) => (">>", &["<<"], Compute),
        BinOp::BitAnd(_) => ("&", &["|", "^"], Compute),
        BinOp::BitOr(_) => ("|", &["&", "^"], Compute),
        BinOp::BitXor(_) => ("^", &["&", "|"], Compute),
        BinOp::AddAssign(_) => ("+=", &["-=", "*="], Assign),
        BinOp::SubAssign(_) => ("-=", &["+=", "/="], Assign),
        BinOp::MulAssign(_) => ("*=", &["+=", "/="], Assign),
        BinOp::DivAssign(_) => ("/=", &["%=", "*="], Assign),
        BinOp::RemAssign(_) => ("%=", &["/=", "+="], Assign),
        BinOp::ShlAssign(_) => ("<<=", &[">>="], Assign),
        BinOp::ShrAssign(_) => (">>=", &["<<="], Assign),
        BinOp::BitAndAssign(_) => ("&=", &["|=", "^="], Assign),
        BinOp::BitOrAssign(_) => ("|=", &["&=", "^="], Assign),
        BinOp::BitXorAssign(_) => ("^=", &["&=", "|="], Assign),
        _ => return None,
    })
}
