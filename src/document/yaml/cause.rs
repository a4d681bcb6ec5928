//! Why a document does not parse, in words of ours: the parser's own messages may hold text of the source.

use granit_parser::ErrorKind;

use crate::document::builder::Refusal;

/// A lower-case phrase: what is wrong, and where it helps, what to do.
pub(super) fn syntax(kind: &ErrorKind) -> &'static str {
    use ErrorKind as E;
    match kind {
        E::UnexpectedEofFlowSequence
        | E::UnexpectedEofFlowMapping
        | E::UnexpectedEofImplicitFlowMapping
        | E::UnclosedFlowCollection { .. } => "this bracket is not closed",
        E::UnexpectedEofBlockSequence | E::UnexpectedEofBlockMapping | E::UnexpectedEof => {
            "the text ends in the middle of a value"
        }
        E::DuplicateVersionDirective | E::DuplicateTagDirective => "a directive is given twice",
        E::UnsupportedYamlMajorVersion => "this version of YAML is not supported",
        E::ExpectedDocumentStart | E::InvalidDocumentEnd => {
            "a document ended, but more content follows; check the indentation, or separate documents by `---`"
        }
        E::MissingDocumentEndBeforeDirective => "a directive follows a document that is not ended by `...`",
        E::UnknownAnchor => "this alias names an anchor that is not defined before it",
        E::ExpectedNodeContent => "a value is missing here",
        E::ExpectedBlockMappingKey => "a key is expected here; check the indentation",
        E::ExpectedFlowMappingSeparator => "`,` or `}` is expected here",
        E::ExpectedFlowSequenceSeparator => "`,` or `]` is expected here",
        E::ExpectedBlockSequenceEntry => "`- ` is expected here; check the indentation",
        E::UndeclaredTagHandle => "this tag has a handle that no `%TAG` directive declares",
        E::SimpleKeyExpected | E::InvalidSimpleKey => {
            "a key is not followed by `:` on its line, or is longer than 1024 characters"
        }
        E::MappingValueNotAllowed | E::MappingKeyNotAllowed | E::InvalidColonPlacement => {
            "a key is not allowed here; check the indentation, or quote the text if it is one value"
        }
        E::InvalidMappingValueWhitespace | E::FlowMappingValueAdjacentCollection => {
            "`:` must be followed by a space"
        }
        E::PlainScalarStartsWithDashFlowIndicator => "a lone `-` must be quoted here",
        E::InvalidIndentation | E::InvalidFlowScalarIndent => "the indentation fits no level above",
        E::BomInsideDocument => "a byte order mark stands inside a document",
        E::UnexpectedCharacter { .. } => "no value can start with this character; quote it",
        E::TabNotAllowed | E::TabInBlockIndentation | E::TabInIndentation | E::TabAtBlockScalarStart => {
            "a tab is used for indentation; use spaces"
        }
        E::CommentInterceptedScalar => "a comment interrupts a value of several lines",
        E::CommentNotSeparated => "a comment must be separated by a space before `#`",
        E::ExpectedWhitespace | E::InvalidBlockEntryWhitespace => "white space is expected here",
        E::MisplacedFlowCollectionEnd => "this bracket closes nothing",
        E::MismatchedFlowCollectionEnd { .. } => "this bracket closes one of another kind",
        E::RecursionLimitExceeded => Refusal::TooDeep.message(),
        E::BlockEntryInFlowCollection | E::BlockSequenceEntryNotAllowed => "`- ` is not allowed here",
        E::ZeroBlockScalarIndent | E::InvalidBlockScalarHeader => {
            "the header of this block scalar is not valid"
        }
        E::InvalidBlockScalarIndent => "the indentation of this block scalar changes",
        E::DocumentIndicatorInQuotedScalar | E::UnclosedQuotedScalar => "this quoted string is not closed",
        E::InvalidQuotedScalarIndent => "a line of this quoted string is indented too little",
        E::InvalidTrailingSingleQuotedScalar | E::InvalidTrailingDoubleQuotedScalar => {
            "more text follows a quoted string on its line"
        }
        E::UnknownQuotedScalarEscape | E::InvalidQuotedScalarHexEscape | E::InvalidLowSurrogateHexEscape => {
            "this escape is not known in a double-quoted string"
        }
        E::MissingAnchorOrAliasName => "an anchor or alias has no name",
        _ => "the text is not valid YAML here",
    }
}
