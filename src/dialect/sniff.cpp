// Finding a dialect. Enters: the head of a file and what the user chose. Leaves: a Dialect, or kDialectUnsure.
// Invariant: what the user chose stays, and the same sample always gives the same dialect.
#include <algorithm>
#include <charconv>
#include <set>

#include "dialect/decode.hpp"
#include "dialect/marks.hpp"
#include "dialect/score.hpp"
#include "dialect/settings.hpp"
#include "flatbed/dialect.hpp"

namespace flatbed {
namespace {

using namespace std::string_view_literals;

bool is_typed(CellKind kind) noexcept {
  return kind == CellKind::kNumber || kind == CellKind::kTime || kind == CellKind::kName;
}

// Years stand in headers as often as in data.
bool is_year(std::string_view text) noexcept {
  return text.size() == 4 && (text.starts_with("19") || text.starts_with("20")) && text[2] >= '0' && text[2] <= '9' &&
         text[3] >= '0' && text[3] <= '9';
}

// What a column says about the first record: above 0 that it is a header, below 0 that it is data.
double header_vote(const SampleTable& table, size_t first, size_t column) {
  const SampleCell& top = table.cells[table.records[first].first_cell + column];
  const std::string_view head = top.text;
  size_t rows = 0, typed = 0, same = 0, years = 0;
  for (size_t at = first + 1; at < table.records.size(); ++at) {
    const SampleRecord& record = table.records[at];
    if (record.blank || column >= record.cells) continue;
    const SampleCell& cell = table.cells[record.first_cell + column];
    if (cell.kind == CellKind::kEmpty) continue;
    ++rows;
    typed += is_typed(cell.kind);
    same += cell.text == head;
    years += is_year(cell.text);
  }
  if (rows == 0 || top.kind == CellKind::kEmpty) return 0;
  if (is_year(head) && years * 2 < rows) return 1;
  if (typed * 10 > rows * 6) return is_typed(top.kind) ? -1 : 1;
  return same * 10 > rows ? -0.3 : 0;
}

// Counts the cells of a record that are greater by one than the cell before them.
size_t count_steps(const SampleTable& table, const SampleRecord& record) {
  size_t steps = 0;
  for (size_t at = 1; at < record.cells; ++at) {
    const std::string_view before = table.cells[record.first_cell + at - 1].text;
    const std::string_view here = table.cells[record.first_cell + at].text;
    uint32_t from = 0, to = 0;
    const bool numbers =
        std::from_chars(before.data(), before.data() + before.size(), from).ptr == before.data() + before.size() &&
        std::from_chars(here.data(), here.data() + here.size(), to).ptr == here.data() + here.size();
    steps += numbers && !before.empty() && !here.empty() && to == from + 1;
  }
  return steps;
}

// Columns that are counted, 0,1,2,..., have these numbers for names when the next record does not go on like that.
bool counts_columns(const Scored& best) {
  constexpr size_t kFewest = 3;
  const SampleTable& table = best.table;
  if (best.first + 1 >= table.records.size()) return false;
  const SampleRecord& head = table.records[best.first];
  const size_t steps = count_steps(table, head);
  return steps >= kFewest && steps * 10 >= head.cells * 6 &&
         count_steps(table, table.records[best.first + 1]) * 2 < steps;
}

// The first record is a header when it differs from what stands below it; when all is text, when it could be one: it
// holds no values and hardly a name twice.
bool detect_header(const Scored& best) {
  if (counts_columns(best)) return true;
  const SampleRecord& head = best.table.records[best.first];
  double votes = 0;
  size_t all = 0, typed = 0;
  std::set<std::string_view> names;
  for (size_t column = 0; column < head.cells; ++column) {
    votes += header_vote(best.table, best.first, column);
    const SampleCell& name = best.table.cells[head.first_cell + column];
    if (name.kind == CellKind::kEmpty) continue;
    ++all;
    typed += is_typed(name.kind);
    names.insert(name.text);
  }
  return votes != 0 ? votes > 0 : typed == 0 && names.size() * 10 >= all * 9;
}

bool means_nothing(std::string_view text) noexcept {
  for (const std::string_view token : {"", "-", ".", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "None", "none"})
    if (text == token) return true;
  return false;
}

// The columns that hold values in most records from `begin` on.
std::vector<size_t> typed_columns(const Scored& best, size_t begin) {
  std::vector<size_t> values(best.width), texts(best.width);
  for (size_t at = begin; at < best.table.records.size(); ++at) {
    const SampleRecord& record = best.table.records[at];
    if (record.blank) continue;
    for (size_t column = 0; column < std::min(record.cells, best.width); ++column) {
      const SampleCell& cell = best.table.cells[record.first_cell + column];
      if (!means_nothing(cell.text)) ++(is_typed(cell.kind) ? values : texts)[column];
    }
  }
  std::vector<size_t> columns;
  for (size_t column = 0; column < best.width; ++column)
    if (values[column] > 0 && values[column] * 10 >= (values[column] + texts[column]) * 8) columns.push_back(column);
  return columns;
}

// Marks the columns of values that a record names. Returns how many; 0 when it has a value in one of them.
size_t name_columns(const Scored& best, size_t number, const std::vector<size_t>& columns, std::vector<bool>& named) {
  const SampleRecord& record = best.table.records[number];
  std::vector<bool> here = named;
  size_t names = 0;
  for (size_t at = 0; at < columns.size(); ++at) {
    if (columns[at] >= record.cells) return 0;
    const SampleCell& cell = best.table.cells[record.first_cell + columns[at]];
    if (is_typed(cell.kind) && !is_year(cell.text)) return 0;
    if (means_nothing(cell.text)) continue;
    here[at] = true;
    ++names;
  }
  named = std::move(here);
  return names;
}

// Tells whether so many records are a header: none of them has a value where values follow, together they name nearly
// every column of values, and so does the last one, unless it names nothing else.
bool is_header_of(const Scored& best, size_t rows) {
  const std::vector<size_t> columns = typed_columns(best, best.first + rows);
  if (columns.size() < 2) return false;
  std::vector<bool> named(columns.size());
  size_t names = 0;
  for (size_t at = best.first; at < best.first + rows; ++at) {
    if (best.table.records[at].cells != best.width) return false;
    names = name_columns(best, at, columns, named);
    if (names == 0) return false;
  }
  const size_t least = columns.size() * 8;
  const bool groups =
      names * 10 >= columns.size() * 6 && filled(best.table, best.table.records[best.first + rows - 1]) == names;
  return (names * 10 >= least || groups) && static_cast<size_t>(std::ranges::count(named, true)) * 10 >= least;
}

// Counts the records of the header.
uint32_t count_header_rows(const Scored& best) {
  constexpr size_t kMostRows = 5;
  for (size_t rows = std::min(kMostRows, best.table.records.size() - best.first - 1); rows > 1; --rows)
    if (is_header_of(best, rows)) return static_cast<uint32_t>(rows);
  return 1;
}

// Tells whether a space follows every delimiter, so that it belongs to the layout.
bool detect_spaces(const Scored& best) {
  if (best.trial.runs) return true;
  size_t cells = 0;
  for (const SampleRecord& record : best.table.records) {
    for (size_t at = 1; at < record.cells; ++at) {
      const SampleCell& cell = best.table.cells[record.first_cell + at];
      const bool ends_line = at + 1 == record.cells && cell.text.empty() && !cell.quoted;
      if (!cell.spaced && !ends_line) return false;
      cells += cell.spaced;
    }
  }
  return cells > 3;
}

// Counts tables one below the other: each begins with the header of the first, or with a header behind a gap.
uint32_t count_tables(const Scored& best) {
  const SampleTable& table = best.table;
  const SampleRecord& head = table.records[best.first];
  uint32_t tables = 1;
  for (size_t at = best.first + 1; at < table.records.size() && head.cells > 1; ++at) {
    const SampleRecord& record = table.records[at];
    const size_t common = std::min(head.cells, record.cells);
    bool same = common > 1 && !table.cells[head.first_cell].text.empty();
    for (size_t i = 0; i < common && same; ++i)
      same = table.cells[head.first_cell + i].text == table.cells[record.first_cell + i].text;
    tables += same;
  }
  return tables;
}

std::string text_of(char c) {
  return c == 0 ? std::string() : std::string(1, c);
}

std::string newline_of(const SampleTable& table) {
  if (table.crlf > 0 && table.crlf >= table.lf && table.crlf >= table.cr) return "\r\n";
  return table.cr > table.lf ? "\r" : "\n";
}

// A writer that escapes with backslashes also escapes backslashes, so that in quoted cells they come in pairs.
char escape_of(const Scored& best) {
  const SampleTable& table = best.table;
  const bool paired = table.escaped == 0 && table.lone_backslashes == 0 && table.paired_backslashes > 1;
  return paired ? '\\' : best.trial.escape;
}

// Tells whether apostrophes occur, each of them escaped by a backslash: a writer does so whose quote they are.
bool escapes_apostrophes(std::string_view text) {
  size_t found = 0;
  for (size_t at = text.find('\''); at != std::string_view::npos; at = text.find('\'', at + 1), ++found)
    if (at == 0 || text[at - 1] != '\\') return false;
  return found > 0;
}

// For one column, a delimiter that cuts no line: the one that was to be expected if it can be.
std::string delimiter_of(const Scored& best, std::string_view text, bool whole, std::string_view expected) {
  if (!best.trial.delimiter.empty()) return std::string(best.trial.delimiter);
  for (const std::string_view delimiter : {expected, ","sv, ";"sv, "\t"sv, "|"sv}) {
    const Trial trial{.delimiter = delimiter, .quote = best.trial.quote, .escape = best.trial.escape};
    const SampleTable table = cut_sample(text, whole, trial, best.table.records.size());
    if (table.cells.size() == table.records.size()) return std::string(delimiter);
  }
  return "\x1f";
}

std::string in_hundredths(double score) {
  const int hundredths = static_cast<int>(score * 100 + 0.5);
  const std::string digits = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + "." + (digits.size() < 2 ? "0" : "") + digits;
}

std::string describe(const Scored& scored) {
  const Trial& trial = scored.trial;
  return (trial.delimiter.empty() ? "one column" : "delimiter " + visible(trial.delimiter)) + ", quote " +
         (trial.quote == 0 ? "none" : visible(text_of(trial.quote))) + " (" + in_hundredths(scored.score) + ")";
}

// The best dialect that cuts other cells out of the sample, or null.
const Scored* runner_up(const std::vector<Scored>& all) {
  const auto other = [&all](const Scored& scored) {
    return scored.score > 0 &&
           (scored.trial.delimiter != all[0].trial.delimiter || scored.trial.quote != all[0].trial.quote);
  };
  const auto found = std::find_if(all.begin() + 1, all.end(), other);
  return found == all.end() ? nullptr : &*found;
}

bool too_close(const Scored& best, const Scored& second) {
  constexpr double kCloser = 0.99;
  return best.width > 1 && second.width > 1 && best.trial.delimiter != second.trial.delimiter &&
         second.score > best.score * kCloser;
}

Error unsure(const Scored& best, const Scored& second) {
  return {.code = Code::kDialectUnsure,
          .message = "two dialects explain the file equally well: " + describe(best) + " and " + describe(second),
          .expected = "one dialect that is clearly better than the others",
          .hint = "--delimiter " + visible(best.trial.delimiter) + " or --delimiter " +
                  visible(second.trial.delimiter) + " settles it",
          .side = Side::kSource};
}

// Formats that are no text, by the bytes with which they begin; none begins so in text.
struct Binary {
  std::string_view begin, name, way_out;
};
constexpr std::string_view kExport = "export it as CSV with the program that reads it";
constexpr Binary kBinaries[] = {
    {"PAR1\x15"sv, "a Parquet file", "rename it so that it ends in .parquet"},
    {"ARROW1\0\0"sv, "an Arrow file", "rename it so that it ends in .arrow"},
    {"Obj\x01"sv, "an Avro file", kExport},
    {"SQLite format 3\0"sv, "an SQLite database", kExport},
    {"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"sv, "a workbook or document of the old form", "save it as .xlsx or as CSV"},
    {"7z\xBC\xAF\x27\x1C"sv, "a 7-Zip archive", "unpack it first"},
    {"Rar!\x1A\x07"sv, "a RAR archive", "unpack it first"},
};

Error no_text(const Binary& binary) {
  return {.code = Code::kEncodingUnknown,
          .message = "the file is no text: it begins as " + std::string(binary.name) + " does",
          .expected = "text, such as CSV",
          .hint = std::string(binary.way_out) + "; --encoding utf-8 reads it as text all the same",
          .side = Side::kSource};
}

template <class T>
void detect(Setting<T>& setting, T value) {
  if (setting.by != Chosen::kUser) setting = {std::move(value), Chosen::kDetected};
}

// Spreadsheets write the delimiter into a line of its own before the table.
std::string_view told_delimiter(std::string_view text) {
  if (!text.starts_with("sep=")) return {};
  const std::string_view told = text.substr(4, text.find_first_of("\r\n", 4) - 4);
  return told.size() <= 4 ? told : std::string_view();
}

size_t after_lines(std::string_view text, uint32_t lines) {
  size_t at = 0;
  for (; lines > 0 && at < text.size(); --lines) {
    at = std::min(text.find_first_of("\r\n", at), text.size());
    if (at < text.size()) at += text.substr(at, 2) == "\r\n" ? 2 : 1;
  }
  return at;
}

}  // namespace

Result<Dialect> sniff(std::string_view sample, bool whole, const Dialect& given) {
  const auto begins_so = [sample](const Binary& binary) { return sample.starts_with(binary.begin); };
  const auto binary = std::ranges::find_if(kBinaries, begins_so);
  if (binary != std::end(kBinaries) && given.encoding.by != Chosen::kUser) return no_text(*binary);
  Dialect dialect = given;
  const Decoded decoded = decode(sample, whole, given.encoding.by == Chosen::kUser ? given.encoding.value : "");
  whole = whole && sample.size() <= kSampleBytes;
  std::string_view text = decoded.text;
  if (given.skip_rows.by == Chosen::kUser) text.remove_prefix(after_lines(text, given.skip_rows.value));
  detect(dialect.encoding, decoded.encoding);
  Dialect known = given;
  const std::string_view told = told_delimiter(text);
  const bool tells = !told.empty() && given.skip_rows.by != Chosen::kUser;
  if (tells) {
    text.remove_prefix(after_lines(text, 1));
    detect(dialect.delimiter, std::string(told));
    detect(dialect.skip_rows, uint32_t{1});
    known.delimiter = {dialect.delimiter.value, Chosen::kUser};
  }
  if (text.empty()) return dialect;
  const std::vector<Scored> all = score_all(text, whole, known);
  const Scored& best = all.front();
  const Scored* second = runner_up(all);
  if (second != nullptr && too_close(best, *second)) return unsure(best, *second);
  detect(dialect.newline, newline_of(best.table));
  detect(dialect.delimiter, delimiter_of(best, text, whole, given.delimiter.value));
  if (best.trial.quote != 0) {
    detect(dialect.quote, text_of(best.trial.quote));
    detect(dialect.escape, text_of(escape_of(best)));
  } else if (given.quote.by != Chosen::kUser && escapes_apostrophes(text)) {
    detect(dialect.quote, text_of('\''));
    detect(dialect.escape, text_of('\\'));
  }
  detect(dialect.skip_rows, best.table.records[best.first].line + uint32_t{tells});
  detect(dialect.header, detect_header(best));
  // Who says that the first record names the columns has said that it is one record.
  if (dialect.header.value && given.header.by != Chosen::kUser) detect(dialect.header_rows, count_header_rows(best));
  // Programs that write backslashes put no spaces for looks.
  const bool backslashes = dialect.quote.value.empty() && dialect.escape.value == "\\";
  detect(dialect.spaces, !backslashes && detect_spaces(best));
  dialect.tables = count_tables(best);
  find_marks(best, whole, dialect);
  dialect.score = best.score;
  if (second != nullptr) dialect.runner_up = describe(*second);
  return dialect;
}

}  // namespace flatbed
