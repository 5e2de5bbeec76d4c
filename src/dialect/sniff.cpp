// Finding a dialect. Enters: the head of a file and what the user chose. Leaves: a Dialect, or kDialectUnsure.
// Invariant: what the user chose stays, and the same sample always gives the same dialect.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "bytes/encoding.hpp"
#include "dialect/cell_kind.hpp"
#include "dialect/sample_table.hpp"
#include "flatbed/dialect.hpp"

namespace flatbed {
namespace {

constexpr size_t kMostBytes = size_t{1} << 16;
constexpr size_t kMostRecords = 200;

// Delimiters that are tried, and how much they are believed.
struct Candidate {
  std::string_view delimiter;
  double prior;
};
constexpr Candidate kCandidates[] = {
    {",", 1.0},    {";", 1.0},    {"\t", 1.0},   {"|", 0.98},   {"\x1f", 1.0}, {"\x1e", 1.0}, {"\x01", 1.0}, {"||", 0.99},
    {"::", 0.97},  {";;", 0.95},  {"~", 0.95},   {"^", 0.95},   {"#", 0.85},   {":", 0.85},   {" ", 0.75},   {"&", 0.8},
};

// ---- encoding ----

struct Decoded {
  std::string encoding;
  std::string converted{};  // empty when the sample is UTF-8 already
  std::string_view text{};
};

bool is_utf8(std::string_view text, bool whole) noexcept {
  size_t at = 0;
  while (at < text.size()) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const size_t length = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3
                          : lead >= 0xF0 && lead < 0xF5                                                   ? 4
                                                                                                          : 0;
    if (length == 0) return false;
    for (size_t next = 1; next < length; ++next) {
      if (at + next >= text.size()) return !whole;
      if ((static_cast<unsigned char>(text[at + next]) & 0xC0) != 0x80) return false;
    }
    at += length;
  }
  return true;
}

// UTF-16 of western text has a zero in every other byte.
std::string utf16_by_zeros(std::string_view text) {
  size_t zeros[2] = {};
  for (size_t at = 0; at < text.size(); ++at) zeros[at & 1] += text[at] == 0;
  const size_t half = text.size() / 2;
  if (half == 0) return "";
  if (zeros[1] * 10 >= half * 7 && zeros[0] * 10 < half) return "utf-16le";
  if (zeros[0] * 10 >= half * 7 && zeros[1] * 10 < half) return "utf-16be";
  return "";
}

std::string detect_encoding(std::string_view sample, bool whole) {
  if (sample.starts_with("\xff\xfe")) return "utf-16le";
  if (sample.starts_with("\xfe\xff")) return "utf-16be";
  if (std::string utf16 = utf16_by_zeros(sample.substr(0, 4096)); !utf16.empty()) return utf16;
  if (is_utf8(sample, whole)) return "utf-8";
  // These bytes are controls in Latin-1, which no text has, and letters and quotes in CP1252.
  const bool controls = std::any_of(sample.begin(), sample.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 && byte < 0xA0;
  });
  return controls ? "cp1252" : "latin-1";
}

Decoded decode(std::string_view sample, bool whole, const Setting<std::string>& given) {
  Decoded decoded{.encoding = given.by == Chosen::kUser ? given.value : detect_encoding(sample, whole)};
  auto source = to_utf8(memory_bytes(sample), decoded.encoding);
  for (;;) {
    // What is wrong with the bytes is the reader's to tell; the head of the text is enough here.
    const Result<Buffer> part = source->read(kMostBytes, {});
    if (!part || part->empty()) break;
    decoded.converted += part->text();
  }
  decoded.text = decoded.converted;
  if (decoded.text.starts_with("\xef\xbb\xbf")) decoded.text.remove_prefix(3);
  return decoded;
}

std::string detect_newline(std::string_view text) {
  size_t lf = 0, crlf = 0, cr = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\n') ++(at > 0 && text[at - 1] == '\r' ? crlf : lf);
    if (text[at] == '\r' && (at + 1 == text.size() || text[at + 1] != '\n')) ++cr;
  }
  if (crlf >= lf && crlf >= cr && crlf > 0) return "\r\n";
  return cr > lf ? "\r" : "\n";
}

// ---- scores ----

double belief(const SampleCell& cell) noexcept {
  if (cell.faulty) return 0;
  const CellKind kind = cell_kind(cell.text);
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

struct Scored {
  Trial trial{};
  SampleTable table{};
  double score = 0;
  size_t width = 0;  // of most records
};

// How alike the records are, and how many columns they have: 1 - 1/width for equal ones, less the more widths differ.
double pattern_score(const std::map<size_t, size_t>& widths, size_t records) {
  double columns = 0, entropy = 0;
  for (const auto& [width, count] : widths) {
    const double share = static_cast<double>(count) / static_cast<double>(records);
    const double usable = width > 1 ? 1 - 1 / static_cast<double>(width) : 0.1;
    columns += share * usable;
    entropy -= share * std::log(share);
  }
  return columns * std::exp(-entropy);
}

void rate(Scored& candidate, double prior) {
  const SampleTable& table = candidate.table;
  std::map<size_t, size_t> widths;
  double believed = 0;
  size_t cells = 0, records = 0;
  for (const SampleRecord& record : table.records) {
    if (record.blank) continue;
    ++records;
    ++widths[record.cells];
    for (size_t at = 0; at < record.cells; ++at) believed += belief(table.cells[record.first_cell + at]);
    cells += record.cells;
  }
  if (records == 0) return;
  candidate.width = std::max_element(widths.begin(), widths.end(), [](const auto& a, const auto& b) {
                      return a.second < b.second;
                    })->first;
  candidate.score = pattern_score(widths, records) * believed / static_cast<double>(cells) * prior;
}

bool occurs(std::string_view text, std::string_view what) {
  return text.find(what) != std::string_view::npos;
}

std::vector<Scored> score_all(std::string_view text, bool whole, const Dialect& given) {
  std::vector<std::pair<std::string_view, double>> delimiters;
  if (given.delimiter.by == Chosen::kUser) {
    delimiters.emplace_back(given.delimiter.value, 1.0);
  } else {
    for (const Candidate& candidate : kCandidates)
      if (occurs(text, candidate.delimiter)) delimiters.emplace_back(candidate.delimiter, candidate.prior);
    if (delimiters.empty()) delimiters.emplace_back(given.delimiter.value, 1.0);
  }
  std::vector<char> quotes;
  if (given.quote.by == Chosen::kUser) {
    quotes.push_back(given.quote.value.empty() ? '\0' : given.quote.value[0]);
  } else {
    for (const char quote : {'"', '\''})
      if (occurs(text, std::string_view(&quote, 1))) quotes.push_back(quote);
    quotes.push_back('\0');
  }
  std::vector<Scored> all;
  for (const auto& [delimiter, prior] : delimiters) {
    for (const char quote : quotes) {
      std::vector<char> escapes{quote};
      if (given.escape.by == Chosen::kUser)
        escapes = {given.escape.value.empty() ? '\0' : given.escape.value[0]};
      else if (quote != 0 && occurs(text, std::string{'\\', quote}))
        escapes.push_back('\\');
      for (const char escape : escapes) {
        Scored scored{.trial = {delimiter, quote, escape}};
        scored.table = cut_sample(text, whole, scored.trial, kMostRecords);
        double p = prior;
        if (quote != 0 && scored.table.quoted == 0) continue;
        if (quote == '\'') p *= 0.98;
        if (quote == 0) p *= 0.99;
        if (escape != quote) p *= 0.995;
        rate(scored, p);
        all.push_back(std::move(scored));
      }
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Scored& a, const Scored& b) { return a.score > b.score; });
  return all;
}

// ---- preamble and header ----

size_t filled(const SampleTable& table, const SampleRecord& record) {
  size_t count = 0;
  for (size_t at = 0; at < record.cells; ++at)
    count += cell_kind(table.cells[record.first_cell + at].text) != CellKind::kEmpty;
  return count;
}

// Returns the index of the first record of the table itself.
size_t first_record(const Scored& winner) {
  const auto& records = winner.table.records;
  if (winner.width < 2) {
    size_t at = 0;
    while (at < records.size() && records[at].blank) ++at;
    return at == records.size() ? 0 : at;
  }
  size_t first = 0;
  constexpr size_t kMostPreamble = 40;
  for (size_t at = 0; at < std::min(records.size(), kMostPreamble); ++at) {
    const SampleRecord& record = records[at];
    const size_t cells = filled(winner.table, record);
    const bool thin = record.blank || cells == 0 || (record.cells == 1) || (cells == 1 && winner.width > 2);
    const bool comment = !record.blank && !winner.table.cells[record.first_cell].quoted &&
                         winner.table.cells[record.first_cell].text.starts_with('#') && record.cells != winner.width;
    if (thin || comment) {
      first = at + 1;
    } else if (record.cells == winner.width || record.cells * 2 > winner.width) {
      break;
    }
  }
  return first < records.size() ? first : 0;
}

bool detect_header(const Scored& winner, size_t first) {
  const auto& table = winner.table;
  const SampleRecord& head = table.records[first];
  double votes = 0;
  std::set<std::string_view> names;
  size_t empty = 0, typed = 0, repeated = 0;
  for (size_t column = 0; column < head.cells; ++column) {
    const SampleCell& cell = table.cells[head.first_cell + column];
    const CellKind kind = cell_kind(cell.text);
    if (kind == CellKind::kEmpty) {
      ++empty;
      continue;
    }
    if (!names.insert(cell.text).second) ++repeated;
    const bool head_typed = kind == CellKind::kNumber || kind == CellKind::kTime || kind == CellKind::kName;
    typed += head_typed;
    size_t rows = 0, same = 0, strong = 0, known = 0;
    double length = 0;
    for (size_t at = first + 1; at < table.records.size(); ++at) {
      const SampleRecord& record = table.records[at];
      if (record.blank || column >= record.cells) continue;
      const SampleCell& below = table.cells[record.first_cell + column];
      const CellKind below_kind = cell_kind(below.text);
      if (below_kind == CellKind::kEmpty) continue;
      ++rows;
      same += below.text == cell.text;
      strong += below_kind == CellKind::kNumber || below_kind == CellKind::kTime || below_kind == CellKind::kName;
      known += below_kind == kind;
      length += static_cast<double>(below.text.size());
    }
    if (rows == 0) continue;
    const double strong_share = static_cast<double>(strong) / static_cast<double>(rows);
    if (!head_typed && strong_share > 0.7)
      votes += 1;
    else if (head_typed && strong_share > 0.7)
      votes -= 1;
    else if (same > 0)
      votes -= 0.5;
  }
  if (votes != 0) return votes > 0;
  return typed == 0 && repeated == 0;
}

template <class T>
void detect(Setting<T>& setting, T value, const Setting<T>& given) {
  if (given.by != Chosen::kUser) setting = {std::move(value), Chosen::kDetected};
}

std::string text_of(char c) {
  return c == 0 ? std::string() : std::string(1, c);
}

}  // namespace

Result<Dialect> sniff(std::string_view sample, bool whole, const Dialect& given) {
  Dialect dialect = given;
  if (sample.size() > kMostBytes) {
    sample = sample.substr(0, kMostBytes);
    whole = false;
  }
  if (sample.empty()) return dialect;
  const Decoded decoded = decode(sample, whole, given.encoding);
  detect(dialect.encoding, decoded.encoding, given.encoding);
  detect(dialect.newline, detect_newline(decoded.text), given.newline);
  const std::vector<Scored> all = score_all(decoded.text, whole, given);
  const Scored& best = all.front();
  if (best.width > 1) detect(dialect.delimiter, std::string(best.trial.delimiter), given.delimiter);
  if (best.trial.quote != 0) {
    detect(dialect.quote, text_of(best.trial.quote), given.quote);
    detect(dialect.escape, text_of(best.trial.escape), given.escape);
  }
  dialect.score = best.score;
  const size_t first = first_record(best);
  if (given.skip_rows.by != Chosen::kUser && !best.table.records.empty()) {
    dialect.skip_rows = {best.table.records[first].line, Chosen::kDetected};
  }
  if (!best.table.records.empty()) detect(dialect.header, detect_header(best, first), given.header);
  return dialect;
}

}  // namespace flatbed
