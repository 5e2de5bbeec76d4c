// How well each dialect explains a sample. Enters: text. Leaves: the dialects tried, best first. A dialect is good when
// records are alike, cells look like values, and quotes stand around cells (after van den Burg, Nazabal and Sutton,
// "Wrangling messy CSV files by detecting row and type patterns", 2019). Invariant: the order of trials breaks ties.
#include "dialect/score.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

namespace flatbed {
namespace {

constexpr size_t kMostRecords = 200;
constexpr double kExpected = 1.1;  // how much more the delimiter is believed that the file's name speaks for

// Delimiters that are tried, and how much they are believed.
struct Candidate {
  std::string_view delimiter;
  double prior;
  bool runs = false;
};
constexpr Candidate kCandidates[] = {
    {",", 1.0},    {";", 1.0},   {"\t", 1.0},  {"|", 0.98},      {"\x1f", 1.0}, {"\x1e", 1.0},
    {"\x01", 1.0}, {"||", 0.99}, {"::", 0.97}, {";;", 0.95},     {"~", 0.95},   {"^", 0.95},
    {"#", 0.8},    {":", 0.75},  {" ", 0.65},  {" ", 0.6, true}, {"&", 0.7},
};

double belief(const SampleCell& cell) noexcept {
  if (cell.faulty) return 0;
  const CellKind kind = cell.kind;
  if (cell.quoted) return kind == CellKind::kEmpty ? 0.9 : 1;
  switch (kind) {
    case CellKind::kEmpty:
      return 0.7;
    case CellKind::kNumber:
    case CellKind::kTime:
    case CellKind::kName:
      return 1;
    case CellKind::kWord:
      return 0.95;
    case CellKind::kText:
      return 0.85;
    default:
      return 0.3;
  }
}

size_t main_width(const SampleTable& table) {
  std::map<size_t, size_t> cells;
  for (const SampleRecord& record : table.records)
    if (!record.blank) cells[record.cells] += record.cells;
  if (cells.empty()) return 0;
  return std::max_element(cells.begin(), cells.end(), [](const auto& a, const auto& b) { return a.second <= b.second; })
      ->first;
}

// Where # delimits, it leaves an empty cell before the comment.
bool is_comment(const SampleTable& table, const SampleRecord& record) {
  if (record.blank || table.cells[record.first_cell].quoted) return false;
  const std::string_view text = table.cells[record.first_cell].text;
  return text.starts_with('#') || (text.empty() && record.cells > 1 && text.data()[0] == '#');
}

bool is_gap(const SampleTable& table, size_t record) {
  return table.records[record].blank || filled(table, table.records[record]) == 0;
}

// Tells whether what is left without the first records can still be a table: more lines than went, or a gap between.
// A sample that ends before its file may show few of many lines.
bool enough_below(const SampleTable& table, size_t first, bool whole) {
  const auto blank = [](const SampleRecord& record) { return record.blank; };
  const auto begin = table.records.begin(), middle = begin + static_cast<std::ptrdiff_t>(first);
  const auto gone = static_cast<size_t>(middle - begin - std::count_if(begin, middle, blank));
  const auto left =
      static_cast<size_t>(table.records.end() - middle - std::count_if(middle, table.records.end(), blank));
  if (left == 0) return false;
  if (left > 2 * gone || (first > 0 && is_gap(table, first - 1))) return true;
  return !whole && table.cells.size() - table.records[first].first_cell > 4 * first;
}

// In one column a preamble is what stands before an empty line, when none comes later.
size_t first_of_one_column(const SampleTable& table, size_t end) {
  size_t first = 0;
  while (first < end && table.records[first].blank) ++first;
  if (first == table.records.size()) return 0;
  size_t gap = first;
  while (gap < end && !table.records[gap].blank) ++gap;
  while (gap < end && table.records[gap].blank) ++gap;
  const auto blank = [](const SampleRecord& record) { return record.blank; };
  const auto rest = table.records.begin() + static_cast<std::ptrdiff_t>(gap);
  const bool is_table = table.records.size() > 2 * gap && std::none_of(rest, table.records.end(), blank);
  return gap < end && is_table ? gap : first;
}

// Returns the index of the first record of the table itself. A preamble is lines that hold at most one cell.
size_t first_record(const SampleTable& table, size_t width, bool whole) {
  constexpr size_t kMostPreamble = 40;
  const size_t end = std::min(table.records.size(), kMostPreamble);
  if (width < 2) return first_of_one_column(table, end);
  size_t first = 0;
  for (size_t at = 0; at < end; ++at) {
    const SampleRecord& record = table.records[at];
    const size_t cells = filled(table, record);
    if (cells > 1 && !(is_comment(table, record) && record.cells != width)) {
      if (record.cells * 2 > width) break;
      continue;
    } else if (cells == 1 && record.cells == width && width == 2) {
      // A row of two with one of them empty is a preamble only where an empty row follows.
      continue;
    }
    first = at + 1;
  }
  return enough_below(table, first, whole) ? first : 0;
}

// A column that is empty in every record comes from a delimiter at the end of the lines.
bool ends_empty(const SampleTable& table, size_t width, size_t first) {
  for (size_t at = first; at < table.records.size(); ++at) {
    const SampleRecord& record = table.records[at];
    if (record.cells == width && table.cells[record.first_cell + width - 1].kind != CellKind::kEmpty) return false;
  }
  return true;
}

bool is_strong(const SampleCell& cell) noexcept {
  if (cell.quoted) return !cell.faulty;
  const CellKind kind = cell.kind;
  return kind == CellKind::kTime || kind == CellKind::kName ||
         (kind == CellKind::kNumber && cell.text.find(',') == std::string_view::npos);
}

// What one column is worth: little for text, which any delimiter may cut; more where each cell is whole as it is.
double single_worth(const SampleTable& table, size_t first) {
  size_t strong = 0, all = 0;
  for (size_t at = first + 1; at < table.records.size(); ++at) {
    const SampleRecord& record = table.records[at];
    if (record.blank || record.cells != 1) continue;
    ++all;
    strong += is_strong(table.cells[record.first_cell]);
  }
  return all > 0 && strong * 10 >= all * 9 ? 0.7 : 0.25;
}

// How alike the records are, and how many columns they have.
double pattern_score(const Scored& candidate) {
  std::map<size_t, size_t> widths;
  size_t records = 0;
  const SampleTable& table = candidate.table;
  for (size_t at = candidate.first; at < table.records.size(); ++at) {
    if (table.records[at].blank) continue;
    ++records;
    ++widths[table.records[at].cells];
  }
  if (records == 0) return 0;
  const size_t unused = candidate.width > 1 && ends_empty(table, candidate.width, candidate.first) ? 1 : 0;
  double columns = 0, entropy = 0;
  for (const auto& [width, count] : widths) {
    const double share = static_cast<double>(count) / static_cast<double>(records);
    const size_t used = width > unused ? width - unused : 1;
    columns += share * (used > 1 ? 1 - 0.5 / static_cast<double>(used) : single_worth(table, candidate.first));
    entropy -= share * std::log(share);
  }
  const double kept =
      static_cast<double>(table.records.size() - candidate.first) / static_cast<double>(table.records.size());
  return columns * std::exp(-entropy) * std::sqrt(kept);
}

// Tells whether several cells of a record are lists of one length, as a|b|c and 1|2|3: the mark between their items is
// no delimiter that the trial fails to see.
bool has_parallel_lists(const SampleTable& table, const SampleRecord& record) {
  constexpr std::ptrdiff_t kFewestMarks = 2;
  std::ptrdiff_t marks = 0;
  size_t lists = 0;
  for (size_t at = 0; at < record.cells; ++at) {
    const SampleCell& cell = table.cells[record.first_cell + at];
    const std::ptrdiff_t here = cell.quoted ? 0 : std::ranges::count(cell.text, '|');
    if (here == 0) continue;
    if (here < kFewestMarks || (lists > 0 && here != marks)) return false;
    marks = here;
    ++lists;
  }
  return lists > 1;
}

double record_score(const SampleTable& table, const SampleRecord& record) {
  constexpr double kList = 1;
  const bool lists = has_parallel_lists(table, record);
  double believed = 0;
  for (size_t at = 0; at < record.cells; ++at) {
    const SampleCell& cell = table.cells[record.first_cell + at];
    const bool list = lists && !cell.quoted && cell.text.find('|') != std::string_view::npos;
    believed += list ? kList : belief(cell);
  }
  return believed;
}

double cell_score(const Scored& candidate) {
  double believed = 0;
  size_t cells = 0;
  for (size_t at = candidate.first; at < candidate.table.records.size(); ++at) {
    const SampleRecord& record = candidate.table.records[at];
    if (record.blank) continue;
    believed += record_score(candidate.table, record);
    cells += record.cells;
  }
  return cells == 0 ? 0 : believed / static_cast<double>(cells);
}

void rate(Scored& candidate, double prior, bool whole) {
  candidate.width = main_width(candidate.table);
  candidate.first = first_record(candidate.table, candidate.width, whole);
  candidate.score = pattern_score(candidate) * cell_score(candidate) * prior;
}

bool occurs(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

// A single byte that only comes in pairs is half of a longer delimiter.
bool only_in_pairs(std::string_view text, char c) {
  size_t pairs = 0;
  for (size_t at = text.find(c); at != std::string_view::npos; at = text.find(c, at)) {
    if (at + 1 == text.size() || text[at + 1] != c || (at + 2 < text.size() && text[at + 2] == c)) return false;
    at += 2;
    ++pairs;
  }
  return pairs > 0;
}

std::vector<Candidate> delimiters_of(std::string_view text, const Setting<std::string>& given) {
  if (given.by == Chosen::kUser) return {{given.value, 1.0}};
  std::vector<Candidate> found;
  for (Candidate candidate : kCandidates) {
    const bool single = candidate.delimiter.size() == 1 && candidate.delimiter[0] != ',';
    if (!occurs(text, candidate.runs ? "  " : candidate.delimiter) ||
        (single && only_in_pairs(text, candidate.delimiter[0])))
      continue;
    // A comma is what is expected of any file.
    if (candidate.delimiter == given.value && given.value != ",") candidate.prior *= kExpected;
    found.push_back(candidate);
  }
  // The whole line as one column competes too.
  found.push_back({"", 1.0});
  return found;
}

std::vector<char> quotes_of(std::string_view text, const Setting<std::string>& given) {
  if (given.by == Chosen::kUser) return {given.value.empty() ? '\0' : given.value[0]};
  std::vector<char> quotes;
  for (const char quote : {'"', '\''})
    if (occurs(text, std::string_view(&quote, 1))) quotes.push_back(quote);
  quotes.push_back('\0');
  return quotes;
}

std::vector<char> escapes_of(std::string_view text, char quote, const Setting<std::string>& given) {
  if (given.by == Chosen::kUser) return {given.value.empty() ? '\0' : given.value[0]};
  std::vector<char> escapes{quote};
  if (quote != 0 && occurs(text, std::string{'\\', quote})) escapes.push_back('\\');
  return escapes;
}

// How much of the prior is left when the quotes of the sample are looked at: quotes that stand around no cell, and
// apostrophes that stand around few, speak against the trial.
double quote_factor(const Scored& scored, bool has_quotes) {
  const SampleTable& table = scored.table;
  const auto share = [](size_t part, size_t all) { return static_cast<double>(part) / static_cast<double>(all); };
  // A quote that opens and is not closed in the sample says nothing.
  if (scored.trial.quote == '"' && table.outside_quotes + table.quoted == 0) return 1;
  if (scored.trial.quote == '"') return 1 - 0.3 * share(table.outside_quotes, table.outside_quotes + 2 * table.quoted);
  double factor = has_quotes ? 0.7 : scored.trial.quote == 0 ? 0.99 : 0.98;
  if (scored.trial.quote != 0 && table.quoted * 20 < table.cells.size() + 20 * table.outside_quotes) factor *= 0.7;
  return factor;
}

// One record proves little, and least the mark that lists inside of cells have.
double prior_of_one_record(std::string_view delimiter) {
  return delimiter == "|" ? 0.9 : occurs(",;\t", delimiter) ? 1 : 0.3;
}

// Tells whether each quote of the sample stands around a cell, so that quotes are surely no part of the text.
bool explains_quotes(const Scored& scored) {
  const SampleTable& table = scored.table;
  return scored.trial.quote != 0 && table.faulty == 0 && table.quoted > 1 && table.outside_quotes * 20 <= table.quoted;
}

}  // namespace

std::vector<Scored> score_all(std::string_view text, bool whole, const Dialect& given) {
  std::vector<Scored> all;
  const bool has_quotes = occurs(text, "\"");
  for (const auto& [delimiter, prior, runs] : delimiters_of(text, given.delimiter)) {
    bool explained = false;
    for (const char quote : quotes_of(text, given.quote)) {
      if (quote == 0 && explained) continue;
      for (const char escape : escapes_of(text, quote, given.escape)) {
        Scored scored{.trial = {delimiter, quote, escape, runs}};
        scored.table = cut_sample(text, whole, scored.trial, kMostRecords);
        if (quote != 0 && scored.table.quoted + scored.table.open == 0 && given.quote.by != Chosen::kUser) continue;
        double belief_in = prior * quote_factor(scored, has_quotes) * (escape != quote ? 0.995 : 1);
        if (scored.table.records.size() == 1) belief_in *= prior_of_one_record(delimiter);
        explained = explained || explains_quotes(scored);
        rate(scored, belief_in, whole);
        all.push_back(std::move(scored));
      }
    }
  }
  for (const char quote : {'"', '\''}) {
    const bool explained = std::any_of(all.begin(), all.end(), [quote](const Scored& scored) {
      return scored.trial.quote == quote && explains_quotes(scored);
    });
    for (Scored& scored : all)
      if (explained && scored.trial.quote == 0) scored.score *= 0.7;
  }
  std::vector<Scored> sorted;
  const auto better = [](const Scored& a, const Scored& b) { return a.score > b.score; };
  for (Scored& scored : all)
    sorted.insert(std::upper_bound(sorted.begin(), sorted.end(), scored, better), std::move(scored));
  return sorted;
}

}  // namespace flatbed
