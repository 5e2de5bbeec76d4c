// Fields as records. Enters: a chunk and its FieldIndex. Leaves: where each record begins, and the records that have
// the wrong shape. Invariant: every record of the chunk is a row or a misfit.
#include "columns/records.hpp"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstring>

#include "columns/quoted_text.hpp"
#include "columns/sixteen.hpp"

namespace flatbed {
namespace {

bool ends_record(const Records& records, size_t field) {
  const uint32_t at = records.index->end(field);
  // The end of the last record of a file may be the end of the text.
  return at == records.text.size() || records.text[at] == '\n' || records.text[at] == '\r';
}

// Returns where the text of a record ends, its line end left out.
uint32_t record_text_end(const Records& records, uint32_t begin, size_t last_field) {
  uint32_t end = records.index->end(last_field);
  if (end < records.text.size() && records.text[end] == '\n' && end > begin && records.text[end - 1] == '\r') --end;
  return end;
}

bool is_rectangular(const Records& records) {
  const FieldIndex& index = *records.index;
  if (!index.stray.empty() || index.open || index.fields != index.record_ends * records.columns) return false;
  for (size_t field = records.columns - 1; field < index.fields; field += records.columns) {
    if (!ends_record(records, field)) return false;
  }
  return true;
}

// Walks over the fields of a chunk whose records differ.
class RaggedWalk {
 public:
  explicit RaggedWalk(Records& records) : records_(records), index_(*records.index) {}

  void run() {
    size_t first = 0;
    for (size_t field = 0; field < index_.fields; ++field) {
      if (!ends_record(records_, field)) continue;
      add(first, field);
      first = field + 1;
    }
    fill_gaps();
  }

 private:
  void add(size_t first, size_t last) {
    const uint32_t begin = index_.begin(first);
    const uint32_t end = record_text_end(records_, begin, last);
    const size_t fields = last - first + 1;
    if (begin == end && records_.columns > 1) return;
    const Code code = judge(first, last);
    if (code != Code::kOk)
      records_.misfits.push_back({.record = static_cast<uint32_t>(records_.first.size()),
                                  .begin = begin,
                                  .end = end,
                                  .fields = static_cast<uint32_t>(fields),
                                  .code = code});
    else
      any_good_ = static_cast<uint32_t>(first);
    records_.first.push_back(static_cast<uint32_t>(first));
  }

  Code judge(size_t first, size_t last) {
    while (stray_ < index_.stray.size() && index_.stray[stray_] < first) ++stray_;
    if (index_.open && last + 1 == index_.fields) return Code::kUnclosedQuote;
    if (stray_ < index_.stray.size() && index_.stray[stray_] <= last) return Code::kTextAfterQuote;
    if (last - first + 1 < records_.columns) return Code::kRowTooShort;
    return last - first + 1 > records_.columns ? Code::kRowTooLong : Code::kOk;
  }

  // Without one good record there is nothing to convert.
  void fill_gaps() {
    records_.rows = records_.first.size();
    if (records_.misfits.size() == records_.rows) {
      records_.first.clear();
      return;
    }
    for (const Misfit& misfit : records_.misfits) records_.first[misfit.record] = any_good_;
  }

  Records& records_;
  const FieldIndex& index_;
  size_t stray_ = 0;
  uint32_t any_good_ = 0;
};

}  // namespace

NullTokens::NullTokens(std::vector<std::string> tokens) : tokens_(std::move(tokens)) {
  for (const std::string& token : tokens_) {
    if (token.empty()) {
      empty_ = true;
      continue;
    }
    first_[static_cast<unsigned char>(token[0])] = true;
    if (token[0] == '-' || token[0] == '.' || (token[0] >= '0' && token[0] <= '9')) like_values_ = true;
  }
}

bool Records::may_look_like_values() const noexcept {
  if (nulls->like_values()) return true;
  const auto quote = static_cast<unsigned char>(syntax->quote);
  return syntax->quotes && (std::isalnum(quote) != 0 || quote == '-' || quote == '+' || quote == '.' || quote == ':');
}

bool NullTokens::found(std::string_view text) const noexcept {
  return std::ranges::find(tokens_, text) != tokens_.end();
}

void find_records(Records& records) {
  records.first.clear();
  records.misfits.clear();
  records.rows = records.index->record_ends;
  if (!is_rectangular(records)) RaggedWalk(records).run();
}

size_t field_that_begins(const FieldIndex& index, uint32_t begin) noexcept {
  size_t low = 0, high = index.fields;
  while (low < high) {
    const size_t middle = (low + high) / 2;
    if (index.begin(middle) < begin)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

bool has_escape(std::string_view quoted, const Syntax& syntax) noexcept {
  return syntax.escapes && quoted.find(syntax.escape) != std::string_view::npos;
}

void append_unescaped(std::string_view quoted, const Syntax& syntax, std::string& out) {
  const size_t begin = out.size();
  out.resize(begin + quoted.size() + kUnescapeSlack);
  const char* end = put_unescaped(quoted, syntax, out.data() + begin);
  out.resize(static_cast<size_t>(end - out.data()));
}

// An escape gives way to the byte behind it; one that ends the text stays.
char* put_unescaped(std::string_view quoted, const Syntax& syntax, char* to) noexcept {
  if (syntax.backslashes) return put_without_escapes(quoted, to);
  const char* from = quoted.data();
  const char* const end = from + quoted.size();
  const char escape = syntax.escape;
  const Sixteen escapes = sixteen_of(escape);
  while (from != end) {
    if (end - from >= 16) {
      const Sixteen bytes = load16(from);
      std::memcpy(to, &bytes, sizeof bytes);
      const auto before = static_cast<size_t>(std::countr_zero(bits_of(bytes == escapes) | 0x10000));
      if (before == 16) {
        from += 16;
        to += 16;
        continue;
      }
      from += before;
      to += before;
    }
    if (*from == escape && end - from >= 2) ++from;
    *to++ = *from++;
  }
  return to;
}

}  // namespace flatbed
