//! Questions about what methods written in Objective-C do with texts and views.

use crate::check::{Evidence, Findings, Outcome, Subject, Words, words};
use crate::facts::Area;
use crate::macho::{Call, Callee, NameId, ObjcClass, ObjcMethod, Operand};

use super::ios::{Program, programs};

/// A method whose calls were read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Method<'a> {
    program: Program<'a>,
    class: &'a ObjcClass,
    method: &'a ObjcMethod,
}

/// Where a text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source<'a> {
    /// A constant.
    Constant(&'a str),
    /// Characters that a function of the program makes without being given anything.
    Made(u64),
    /// A field that people type into, by its name.
    Typed(&'a str),
    /// A label, by its name.
    Label(&'a str),
}

/// Messages that make an object of text from characters, which stand behind the receiver.
const FROM_CHARACTERS: [&str; 6] = [
    "initWithCString:encoding:",
    "initWithUTF8String:",
    "stringWithCString:encoding:",
    "stringWithString:",
    "stringWithUTF8String:",
    "initWithString:",
];

/// Messages whose answer is the text of the receiver, if in another form.
const SAME_TEXT: [&str; 9] = [
    "UTF8String",
    "cStringUsingEncoding:",
    "copy",
    "description",
    "lowercaseString",
    "mutableCopy",
    "stringByTrimmingCharactersInSet:",
    "string",
    "uppercaseString",
];

/// Classes of views that people type into.
const TYPED_INTO: [&str; 4] = [
    "UISearchBar",
    "UISearchTextField",
    "UITextField",
    "UITextView",
];

impl<'a> Method<'a> {
    /// Its calls.
    pub(crate) fn calls(&self) -> &'a [Call] {
        &self.method.calls
    }

    /// The selector of a message, or the symbol of a function of another library.
    pub(crate) fn callee(&self, call: &Call) -> Option<&'a str> {
        match call.callee {
            Callee::Message(selector) => selector.map(|selector| self.name(selector)),
            Callee::Function(symbol) => Some(self.name(symbol)),
            Callee::Super(_) | Callee::Own(_) => None,
        }
    }

    /// Evidence at a call: file, class, selector, and the address that disassemblers print.
    pub(crate) fn evidence(&self, what: Words, call: &Call) -> Evidence {
        let address = self.method.implementation;
        let mut evidence = Evidence::in_file(what, self.program.file)
            .class(self.class.name.as_str())
            .offset(address.saturating_add(call.offset.into()));
        evidence.method = Some(self.method.selector.clone());
        evidence
    }

    /// The name of a view: of the variable or property that holds it.
    pub(crate) fn view(&self, operand: Operand) -> Option<&'a str> {
        let name = match operand {
            Operand::Field(name) => self.name(name),
            Operand::Result(number) => match self.call(number)?.callee {
                Callee::Message(Some(selector)) => self.name(selector),
                _ => return None,
            },
            _ => return None,
        };
        let name = name.trim_start_matches('_');
        (!name.is_empty() && !name.contains(':')).then_some(name)
    }

    /// Where a text comes from, if that is known.
    pub(crate) fn source(&self, operand: Operand) -> Option<Source<'a>> {
        let mut operand = operand;
        // Operands lead to earlier calls only, so this ends.
        loop {
            let number = match operand {
                Operand::Text(text) | Operand::Characters(text) => {
                    return Some(Source::Constant(self.name(text)));
                }
                Operand::Result(number) => number,
                _ => return None,
            };
            let call = self.call(number)?;
            let [receiver, first, ..] = call.arguments;
            if let Callee::Own(address) = call.callee {
                return (receiver == Operand::Unset).then_some(Source::Made(address));
            }
            let selector = self.callee(call)?;
            operand = if FROM_CHARACTERS.contains(&selector) {
                first
            } else if SAME_TEXT.contains(&selector) {
                receiver
            } else {
                return (selector == "text").then(|| self.text_of(receiver))?;
            };
        }
    }

    /// What the text of a view is.
    fn text_of(&self, view: Operand) -> Option<Source<'a>> {
        let name = self.view(view)?;
        let is_it = |known: &str| known.trim_start_matches('_') == name;
        let mut fields = self.class.fields.iter();
        let class = fields.find_map(|field| field.class.as_deref().filter(|_| is_it(&field.name)));
        match class? {
            "UILabel" => Some(Source::Label(name)),
            class if TYPED_INTO.contains(&class) => Some(Source::Typed(name)),
            _ => None,
        }
    }

    fn call(&self, number: u32) -> Option<&'a Call> {
        self.method.calls.get(number as usize)
    }

    fn name(&self, id: NameId) -> &'a str {
        self.program.slice.names.text(id)
    }
}

/// The methods of a class.
pub(crate) fn methods_of<'a>(
    program: Program<'a>,
    class: &'a ObjcClass,
) -> impl Iterator<Item = Method<'a>> {
    class.all_methods().map(move |method| Method {
        program,
        class,
        method,
    })
}

/// Every method of a program.
pub(crate) fn methods(program: Program<'_>) -> impl Iterator<Item = Method<'_>> {
    let classes = program.slice.objc_classes.iter();
    classes.flat_map(move |class| methods_of(program, class))
}

/// Judges the code of every program. Where none of it was followed, bytes cannot tell.
pub(crate) fn each_code(
    subject: &Subject<'_>,
    judge: impl Fn(Program<'_>, &mut Findings),
) -> Outcome {
    const AREAS: [Area; 1] = [Area::Native];
    let programs = programs(subject.facts);
    if programs.is_empty() {
        return super::ios::NO_PROGRAM;
    }
    let mut findings = Findings::new();
    let mut followed = false;
    for program in programs {
        followed |= methods(program).any(|method| !method.calls().is_empty());
        judge(program, &mut findings);
    }
    match followed {
        true => findings.into(),
        false => super::untestable(subject, &AREAS, NOT_FOLLOWED),
    }
}

const NOT_FOLLOWED: Words = words(
    "there is no code in Objective-C for 64-bit ARM, and other code is not followed",
    "没有可追踪的 64 位 ARM Objective-C 代码",
);
