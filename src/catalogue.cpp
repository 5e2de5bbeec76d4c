// The published catalogue of codes. Enters: a code or its name. Leaves: what it means, how it usually comes about and
// what to do. Invariant: every code has an entry, or this file does not compile.
#include <algorithm>
#include <array>
#include <iterator>

#include "flatbed/status.hpp"

namespace flatbed {
namespace {

struct CodeText {
  std::string_view name, summary;
};

constexpr CodeText kTexts[] = {
#define X(enumerator, name, summary) {name, summary},
    FLATBED_CODES(X)
#undef X
};

struct Advice {
  Code code;
  std::string_view cause, action;
};

constexpr Advice kAdvice[] = {
    {Code::kOk, "Nothing went wrong.", "Nothing."},
    // FB-USE: the call
    {Code::kUsage, "An argument is missing, or two that exclude each other were given.",
     "Read the message; `flatbed COMMAND --help` lists what the command takes."},
    {Code::kUnknownOption, "A slip in the name of an option, or an option of another connector.",
     "Take the name that the message proposes; `flatbed connectors NAME` lists the options."},
    {Code::kBadOption, "A number where a word is wanted, a choice that is not offered, or a number out of range.",
     "Give one of the values that the message names."},
    {Code::kBadUri, "A part of the address is missing, or a special character in it is not percent-encoded.",
     "Compare with the example in the message; write @ in a password as %40."},
    {Code::kUnknownScheme, "A slip in what stands before ://, or a connector that is not built in.",
     "`flatbed connectors` lists the schemes."},
    {Code::kUnknownColumn, "A slip in a column's name, in its capitals, or spaces around it in the header.",
     "Take a name that the message lists."},
    {Code::kBadType, "A slip in the name of a type, or a type of another database.",
     "Write the type as ClickHouse does: UInt32, Nullable(String), Decimal(15, 2)."},
    // FB-SRC: the source
    {Code::kNotFound, "A slip in the path, another folder than thought, or a pattern that matches nothing.",
     "Check the path from the folder in which the command runs."},
    {Code::kNotAFile, "The path is a folder, a socket or a device.", "Name a file, or a pattern such as folder/*.csv."},
    {Code::kEmpty, "The file has no bytes: a copy that failed, or a writer that has not begun.",
     "Look at who writes the file; leave it out if it is meant to be empty."},
    {Code::kReadFailed, "The disk or the network failed, or the file may not be read.",
     "Check the disk or share and the right to read the file, and run again; a copy on another disk helps."},
    {Code::kBadCompression, "A download that was cut short, or a file whose ending lies about its content.",
     "Fetch the file again and compare its size or checksum with the original."},
    {Code::kSourceChanged, "Another program wrote to the file while it was read.",
     "Wait until the writer is done, then run again."},
    {Code::kBombLimit, "The packed file is very large, or made to fill disks.",
     "If the size is right, raise it with --source-option unpack_limit=8G."},
    // FB-DIA: the dialect
    {Code::kDialectUnsure, "Few rows, or two signs that both cut the rows evenly.",
     "Give the flag that the message names, as --delimiter ';'."},
    {Code::kEncodingUnknown, "A slip in the encoding's name, text that mixes encodings, or a file that is no text.",
     "Name the encoding with --encoding, or convert the file to UTF-8."},
    {Code::kDateOrderUnsure, "Every date of the column has a day up to 12, so 03/04 may be March or April.",
     "Say which it is: --date-order dmy or --date-order mdy; --date-order text keeps the column as text."},
    // FB-CSV: the text
    {Code::kRowTooShort,
     "A record that was cut, a line end inside a field that is not quoted, or a total under the "
     "table.",
     "Correct the record; --repair pad fills it up with empty fields."},
    {Code::kRowTooLong, "A delimiter inside a field that is not quoted, or one too many at the end of the line.",
     "Quote the field; --repair cut leaves out what is behind the last column."},
    {Code::kUnclosedQuote, "A quote as part of a text, such as inches, or a file that was cut.",
     "Close the quote or double it; --quote none reads quotes as text."},
    {Code::kTextAfterQuote, "Quotes inside a quoted field that are not doubled.",
     "Double the quotes inside the field."},
    {Code::kInvalidUtf8, "Text in another encoding, or bytes of a binary file.",
     "Name the encoding, as --encoding cp1252."},
    {Code::kNulByte, "UTF-16 read as UTF-8, a binary file, or a hole that a crash left in the file.",
     "Name the encoding, as --encoding utf-16le, or remove the bytes."},
    {Code::kRowTooWide, "A quote that is opened and never closed swallows the rows behind it.",
     "Look for the quote at the line of the message, or raise --memory."},
    {Code::kDuplicateName, "A report that repeats a heading, or two empty headings.",
     "--repair names tells them apart by their numbers; or rename one of the columns in the file."},
    // FB-TYPE: values
    {Code::kNotNull, "A value is missing in a column of the table that is not Nullable.",
     "Fill the field, or make the column Nullable; --nulls says which texts mean NULL."},
    {Code::kNotOfType, "A word among numbers, another decimal mark, another order of day and month, or spaces.",
     "Correct the value, choose another type with --type, or allow a repair: --repair trim,decimal-comma."},
    {Code::kOutOfRange, "The column is too narrow, or the value is a slip such as a year with five digits.",
     "Give the column a wider type with --type, or correct the value."},
    {Code::kInexact, "More digits than the column keeps, or a local time that a change of clocks made ambiguous.",
     "Give the column a type that holds the value; nothing is rounded."},
    {Code::kUnsupportedType, "A type that ClickHouse has and Flatbed does not carry.",
     "Leave the column out with --columns, or cast it in a query."},
    {Code::kRewritten,
     "Zeros at the front (007 in a column of numbers), a zone that the column does not keep, or "
     "more digits than a float has.",
     "Give the column the type String where the form matters."},
    // FB-NET: the way to the server
    {Code::kConnect, "The server is down, the host or port is wrong, or a firewall is in the way.",
     "Check host and port; the HTTP interface listens on 8123, with TLS on 8443."},
    {Code::kAuth, "A wrong user or password, or a token that has expired.",
     "Check both; a password comes from --password-file or FLATBED_CLICKHOUSE_PASSWORD."},
    {Code::kTimeout, "The server is busy, or the network drops packets.",
     "Try again, or give more seconds: --target-option timeout=600."},
    {Code::kConnectionLost, "The server was restarted, or a proxy closed the connection.",
     "Run again; the message says what was acknowledged."},
    {Code::kTls, "A certificate that is expired, of another host, or of an authority that is not known here.",
     "Name the authority with ca_file; the message tells which certificate failed."},
    {Code::kInsecure, "A password or token would leave the machine without TLS.",
     "Use clickhouses://, or insecure=true in a network that is trusted."},
    // FB-CH: ClickHouse
    {Code::kServer, "The server understood the statement and refused it: rights, limits, constraints.",
     "Read the server's own message and number."},
    {Code::kNoTable, "A slip in the name of the table or database.",
     "Take the name that is proposed, or give --create."},
    {Code::kNoColumn, "The header and the table have other names, or capitals differ.",
     "Choose with --columns, or rename with --rename."},
    {Code::kBadBlock, "A proxy that changes answers, or a server that speaks another version.",
     "Try without the proxy, and report it with the server's version."},
    {Code::kNoEngine, "The Python package chdb-core is not installed.", "pip install chdb-core"},
    // FB-TGT: the target
    {Code::kTargetExists, "A file of this name is there already.", "Choose another name, or give --overwrite."},
    {Code::kWriteFailed, "The disk is full, or the folder may not be written.", "Free space, or write elsewhere."},
    // FB-RUN: the run
    {Code::kTooManyRejects, "A wrong dialect or type, so that many rows fail in the same way.",
     "`flatbed check` shows the rejects in groups; then raise --max-rejects or correct the rows."},
    {Code::kCancelled, "Ctrl-C, or a callback that asked for it.", "Run again."},
    {Code::kOutOfMemory, "The system gave no more memory.", "Lower --memory or --threads."},
    {Code::kUnbalanced, "The target confirmed another number of rows than was sent.",
     "Do not trust the target: compare, and report it with the receipt."},
    {Code::kInternal, "A mistake in Flatbed.", "Report it with the message and, if possible, the file."},
    // FB-FIX: repairs that were asked for
    {Code::kPadded, "--repair pad met a record with too few fields.", "Nothing, if the examples look right."},
    {Code::kCut, "--repair cut met a record with too many fields.", "Look at what was left out in the examples."},
    {Code::kTrimmed, "--repair trim met spaces around a value.", "Nothing, if the examples look right."},
    {Code::kDecimalComma, "--repair decimal-comma met 1,5 in a column of numbers.",
     "Nothing, if the comma is the decimal mark of the file."},
    {Code::kThousands, "--repair thousands met marks such as 1,234 or 1 234 in a column of numbers.",
     "Nothing, if the examples look right."},
    {Code::kEncodingAssumed, "The bytes are not UTF-8, and an encoding of one byte a character was assumed.",
     "Name the encoding with --encoding, which settles it."},
    {Code::kRenamed, "--repair names met two columns of one name.",
     "Nothing, if the new names in the examples will do."},
    {Code::kStrayQuote, "A quote as part of a text, such as inches, in a file that is carried as it stands.",
     "Look at the examples; --quote none reads every quote as text."},
    {Code::kLayoutSpaces, "A space stands before every field of the file, so it was taken for layout.",
     "Give --source-option spaces=true or spaces=false, which settles it."},
    // FB-QUA: the quarantine
    {Code::kNoQuarantine, "The folder is another one, was not finished by its load, or lacks a file.",
     "`flatbed quarantine list FOLDER` shows what is there; load the source again where the load did not finish."},
    // FB-CH, FB-LED: loads that are kept in a ledger
    {Code::kUnknownOutcome, "A server died or went silent, and what it kept cannot be told for certain.",
     "Do what the hint says: resume the load, or compare the tables that are named."},
    {Code::kRefusedRow, "The row breaks a CONSTRAINT of the table, or a DEFAULT expression fails on it.",
     "Repair the row, or change the table."},
    {Code::kLedgerFailed, "The file is no ledger, its folder may not be written, or the disk is full.",
     "Name another file with --ledger, or go without by --no-ledger."},
    {Code::kLoadBusy, "The same file is on its way into the same table by another run.", "Wait for that run."},
    {Code::kNoLoad, "Another ledger is used than that of the load, or nothing was interrupted.",
     "`flatbed loads` lists what the ledger knows."},
    {Code::kLoadDiffers,
     "The file, the options or the table changed since a load of this file was interrupted or done.",
     "Give the file and options of that load and resume it."},
    // FB-JSON: JSON as it is written
    {Code::kBadJson,
     "A comma too many or too few, a text with a line end or half of a surrogate pair in it, a bracket that is not "
     "closed, or a value over several lines where each line is one.",
     "Correct the bytes at the place of the message; --from json reads values over several lines."},
    {Code::kNotAnObject, "A number, text or array among records that are objects.",
     "Correct the record, or divert it: --rejects FILE."},
    {Code::kRepeatedKey, "A program that wrote the key twice; which of the values counts is not ours to guess.",
     "Remove or rename one of the two in the record."},
    {Code::kUnknownKey,
     "A key that first comes behind the part of standard input from which columns are found, or that a Tuple of the "
     "table lacks.",
     "Read from a file, name the columns with --columns, or widen the table."},
};

static_assert(std::size(kAdvice) == std::size(kTexts), "every code needs an entry in kAdvice");
static_assert(std::ranges::all_of(kAdvice, [](const Advice& advice) { return !advice.cause.empty(); }));

constexpr auto make_catalogue() {
  std::array<CodeEntry, std::size(kTexts)> entries{};
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto code = static_cast<Code>(i);
    const auto* const advice = std::ranges::find(kAdvice, code, &Advice::code);
    entries[i] = {code, kTexts[i].name, kTexts[i].summary, advice->cause, advice->action};
  }
  return entries;
}

constexpr auto kCatalogue = make_catalogue();

bool same_but_for_case(std::string_view a, std::string_view b) noexcept {
  const auto upper = [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return upper(x) == upper(y); });
}

}  // namespace

std::string_view code_name(Code code) noexcept {
  return kTexts[static_cast<size_t>(code)].name;
}

std::string_view code_summary(Code code) noexcept {
  return kTexts[static_cast<size_t>(code)].summary;
}

std::span<const CodeEntry> catalogue() noexcept {
  return kCatalogue;
}

const CodeEntry* find_code(std::string_view name) noexcept {
  const auto found =
      std::ranges::find_if(kCatalogue, [&](const CodeEntry& entry) { return same_but_for_case(entry.name, name); });
  return found == kCatalogue.end() ? nullptr : &*found;
}

}  // namespace flatbed
