//! `sprintf` as OPA formats: Go's `fmt.Sprintf` over integers, floats and texts.
//!
//! Values other than numbers and strings are formatted as the text of their Rego term (OPA's `builtinSprintf`).
//! Deliberately absent: verbs on integers beyond 64 bits other than the decimal ones.

mod number;

use regorus::Value;

use self::number::{float, integer, large};
use super::{Fault, Function, array, term, text};

pub(super) const FUNCTIONS: &[Function] = &[("sprintf", 2, sprintf)];

/// Widths and precisions above it are errors, as in Go.
const WIDEST: usize = 1_000_000;

fn sprintf(arguments: &[Value]) -> Result<Value, Fault> {
    let operands: Vec<Operand> = array(arguments, 1)?.iter().map(Operand::new).collect();
    Ok(Value::from(Printer::new(text(arguments, 0)?, &operands).print()))
}

/// An operand with the type that Go sees.
enum Operand {
    Integer(i64),
    /// Beyond 64 bits: sign and decimal digits.
    Large(String),
    Float(f64),
    Text(String),
}

impl Operand {
    fn new(value: &Value) -> Self {
        match value {
            Value::Number(number) if number.is_integer() => {
                let digits = number.format_decimal();
                digits.parse().map_or(Self::Large(digits), Self::Integer)
            }
            Value::Number(number) => {
                number.as_f64().map_or_else(|| Self::Text(number.format_decimal()), Self::Float)
            }
            Value::String(text) => Self::Text(text.to_string()),
            other => {
                let mut text = String::new();
                term::write(other, &mut text);
                Self::Text(text)
            }
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Integer(_) => "int64",
            Self::Large(_) => "*big.Int",
            Self::Float(_) => "float64",
            Self::Text(_) => "string",
        }
    }
}

/// Flags, width and precision of one directive.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that Go documents")]
#[derive(Debug, Default, Clone, Copy)]
struct Flags {
    sharp: bool,
    zero: bool,
    plus: bool,
    minus: bool,
    space: bool,
    /// `%#v`: Go syntax.
    sharp_value: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

impl Flags {
    /// Pads to the width.
    fn pad(&self, body: &str, out: &mut String) {
        let missing = self.width.unwrap_or(0).saturating_sub(body.chars().count());
        let fill = if self.zero && !self.minus { '0' } else { ' ' };
        if !self.minus {
            out.extend(std::iter::repeat_n(fill, missing));
        }
        out.push_str(body);
        if self.minus {
            out.extend(std::iter::repeat_n(' ', missing));
        }
    }
}

struct Printer<'f> {
    format: Vec<char>,
    at: usize,
    operands: &'f [Operand],
    next: usize,
    /// An index such as `[3]` stands right before.
    after_index: bool,
    good_index: bool,
    reordered: bool,
    out: String,
}

impl<'f> Printer<'f> {
    fn new(format: &str, operands: &'f [Operand]) -> Self {
        Self {
            format: format.chars().collect(),
            at: 0,
            operands,
            next: 0,
            after_index: false,
            good_index: true,
            reordered: false,
            out: String::with_capacity(format.len() * 2),
        }
    }

    fn peek(&self) -> Option<char> {
        self.format.get(self.at).copied()
    }

    fn print(mut self) -> String {
        while let Some(character) = self.peek() {
            self.at += 1;
            if character == '%' {
                self.directive();
            } else {
                self.out.push(character);
            }
        }
        if !self.reordered && self.next < self.operands.len() {
            self.out.push_str("%!(EXTRA ");
            for (position, operand) in self.operands.iter().skip(self.next).enumerate() {
                if position > 0 {
                    self.out.push_str(", ");
                }
                self.out.push_str(operand.type_name());
                self.out.push('=');
                operand.print('v', &Flags::default(), &mut self.out);
            }
            self.out.push(')');
        }
        self.out
    }

    /// Everything after `%`, in the order of Go's `doPrintf`.
    fn directive(&mut self) {
        let mut flags = Flags::default();
        self.good_index = true;
        self.after_index = false;
        while let Some(character) = self.peek() {
            match character {
                '#' => flags.sharp = true,
                '0' => flags.zero = true,
                '+' => flags.plus = true,
                '-' => flags.minus = true,
                ' ' => flags.space = true,
                _ => break,
            }
            self.at += 1;
        }
        self.index();
        self.width(&mut flags);
        self.precision(&mut flags);
        if !self.after_index {
            self.index();
        }
        let Some(verb) = self.peek() else {
            self.out.push_str("%!(NOVERB)");
            return;
        };
        self.at += 1;
        if verb == '%' {
            self.out.push('%');
        } else if !self.good_index {
            self.out.extend(["%!", verb.encode_utf8(&mut [0; 4]), "(BADINDEX)"]);
        } else if let Some(operand) = self.operands.get(self.next) {
            if matches!(verb, 'v' | 'w') {
                flags.sharp_value = std::mem::take(&mut flags.sharp);
                flags.plus = false;
            }
            operand.print(verb, &flags, &mut self.out);
            self.next += 1;
        } else {
            self.out.extend(["%!", verb.encode_utf8(&mut [0; 4]), "(MISSING)"]);
        }
    }

    fn width(&mut self, flags: &mut Flags) {
        if self.peek() == Some('*') {
            self.at += 1;
            match self.operand_as_size() {
                Some(width) => {
                    flags.width = Some(width.unsigned_abs());
                    if width < 0 {
                        flags.minus = true;
                        flags.zero = false;
                    }
                }
                None => self.out.push_str("%!(BADWIDTH)"),
            }
            self.after_index = false;
        } else {
            flags.width = self.number();
            if self.after_index && flags.width.is_some() {
                self.good_index = false;
            }
        }
    }

    fn precision(&mut self, flags: &mut Flags) {
        if self.peek() != Some('.') || self.at + 1 >= self.format.len() {
            return;
        }
        self.at += 1;
        if self.after_index {
            self.good_index = false;
        }
        self.index();
        if self.peek() == Some('*') {
            self.at += 1;
            flags.precision = self.operand_as_size().and_then(|size| usize::try_from(size).ok());
            if flags.precision.is_none() {
                self.out.push_str("%!(BADPREC)");
            }
            self.after_index = false;
        } else {
            flags.precision = Some(self.number().unwrap_or(0));
        }
    }

    /// `[n]`: the operand that comes next.
    fn index(&mut self) {
        if self.peek() != Some('[') {
            self.after_index = false;
            return;
        }
        self.reordered = true;
        let rest = self.format.get(self.at + 1..).unwrap_or_default();
        let Some(length) = rest.iter().position(|character| *character == ']') else {
            self.at += 1;
            self.good_index = false;
            self.after_index = false;
            return;
        };
        let inner: String = rest.iter().take(length).collect();
        self.at += length + 2;
        let index = inner.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        if let Some(index) = index.filter(|index| *index < self.operands.len()) {
            self.next = index;
            self.after_index = true;
        } else {
            self.good_index = false;
            self.after_index = inner.parse::<usize>().is_ok();
        }
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit) = self.peek().and_then(|character| character.to_digit(10)) {
            let next = number.unwrap_or(0_usize) * 10 + digit as usize;
            if next > WIDEST {
                return None;
            }
            number = Some(next);
            self.at += 1;
        }
        number
    }

    fn operand_as_size(&mut self) -> Option<isize> {
        let operand = self.operands.get(self.next)?;
        self.next += 1;
        match operand {
            Operand::Integer(number) if number.unsigned_abs() <= WIDEST as u64 => {
                isize::try_from(*number).ok()
            }
            _ => None,
        }
    }
}

impl Operand {
    fn print(&self, verb: char, flags: &Flags, out: &mut String) {
        if verb == 'T' {
            return flags.pad(self.type_name(), out);
        }
        let printed = match self {
            Self::Integer(number) => integer(*number, verb, flags, out),
            Self::Large(digits) => large(digits, verb, flags, out),
            Self::Float(number) => float(*number, verb, flags, out),
            Self::Text(text) => print_text(text, verb, flags, out),
        };
        if !printed {
            out.extend(["%!", verb.encode_utf8(&mut [0; 4]), "(", self.type_name(), "="]);
            self.print('v', flags, out);
            out.push(')');
        }
    }
}

/// Whether the verb fits a string.
fn print_text(text: &str, verb: char, flags: &Flags, out: &mut String) -> bool {
    let cut = |text: &str| {
        flags.precision.map_or_else(|| text.to_owned(), |most| text.chars().take(most).collect())
    };
    match verb {
        'v' if flags.sharp_value => flags.pad(&quoted(&cut(text), flags), out),
        'v' | 's' => flags.pad(&cut(text), out),
        'q' => flags.pad(&quoted(&cut(text), flags), out),
        'x' | 'X' => flags.pad(&hexadecimal(text.as_bytes(), verb, flags), out),
        _ => return false,
    }
    true
}

fn quoted(text: &str, flags: &Flags) -> String {
    let raw = |character: char| {
        character == '\t' || !(character == '`' || character == '\u{feff}' || character.is_control())
    };
    if flags.sharp && text.chars().all(raw) {
        return format!("`{text}`");
    }
    let mut literal = String::new();
    term::quote(text, flags.plus, &mut literal);
    literal
}

fn hexadecimal(bytes: &[u8], verb: char, flags: &Flags) -> String {
    let bytes = bytes.get(..flags.precision.unwrap_or(bytes.len()).min(bytes.len())).unwrap_or_default();
    let prefix = if flags.sharp { if verb == 'x' { "0x" } else { "0X" } } else { "" };
    let pairs =
        bytes.iter().map(|byte| if verb == 'x' { format!("{byte:02x}") } else { format!("{byte:02X}") });
    if bytes.is_empty() {
        String::new()
    } else if flags.space {
        pairs.map(|pair| format!("{prefix}{pair}")).collect::<Vec<_>>().join(" ")
    } else {
        format!("{prefix}{}", pairs.collect::<String>())
    }
}

#[cfg(test)]
mod tests;
