// Rejects as errors. Enters: misfits and failures of a chunk. Leaves: what was wrong, where, and what would be right.
// Invariant: one error for each record that is no row, with its raw bytes.
#include "columns/rejects.hpp"

#include <simdjson.h>

#include <algorithm>

namespace flatbed {
namespace {

class RejectMaker {
 public:
  RejectMaker(const std::string& uri, bool header, const Chunk& chunk, const Records& records,
              const std::vector<ColumnPlan>& plans)
      : uri_(uri), header_(header), chunk_(chunk), records_(records), plans_(plans), lines_(records.text, chunk.line) {}

  Error of_misfit(const Misfit& misfit) {
    Error error = at(misfit.record, misfit.begin);
    error.code = misfit.code;
    error.raw = records_.text.substr(misfit.begin, misfit.end - misfit.begin);
    mark_misfit(misfit, error);
    const std::string fields = std::to_string(misfit.fields);
    error.expected = std::to_string(records_.columns) + (records_.columns == 1 ? " field" : " fields") +
                     (header_ ? ", as in the header" : ", as in the first record");
    if (misfit.code == Code::kRowTooShort) {
      error.message = "the record has too few fields: " + fields;
      error.hint = "--repair pad fills it up with empty fields; or correct the record";
    }
    if (misfit.code == Code::kRowTooLong) {
      error.message = "the record has too many fields: " + fields;
      error.hint = "quote the field that holds a delimiter; --repair cut leaves out what is behind the last column";
    }
    if (misfit.code == Code::kTextAfterQuote) {
      error.message = "text stands between the closing quote of a field and the next delimiter";
      error.expected = "a delimiter or a line end after the closing quote";
      error.hint = "double the quotes inside the field; --quote none reads every quote as text";
    }
    if (misfit.code == Code::kUnclosedQuote) {
      error.message = "a quoted field is not closed before the end";
      error.expected = "a closing quote";
      error.hint = "close the quote, or double it where it is part of the text; --quote none reads every quote as text";
    }
    return error;
  }

  Error of_failure(const Failure& failure) {
    const ColumnPlan& plan = plans_[failure.column];
    const FieldIndex& index = *records_.index;
    const size_t first = records_.field(failure.row, 0), last = records_.field(failure.row, records_.columns - 1);
    const size_t field = first + plan.source;
    Error error = at(failure.row, index.begin(field));
    error.code = failure.code;
    error.where.column = static_cast<uint32_t>(plan.source);
    error.where.column_name = plan.field.name;
    const uint32_t begin = index.begin(first);
    uint32_t end = index.end(last);
    if (end < records_.text.size() && records_.text[end] == '\n' && end > begin && records_.text[end - 1] == '\r')
      --end;
    error.raw = records_.text.substr(begin, end - begin);
    mark(field, std::min(field_end(field, field == last), end), begin, error);
    error.expected = to_string(plan.field.type);
    if (!plan.field.decided_by.empty()) error.expected += ": from " + plan.field.decided_by;
    error.found = value_of(field, last);
    explain(failure.code, error.found, plan.field.type, error);
    return error;
  }

 private:
  Error at(uint32_t record, uint32_t byte) {
    Error error;
    error.side = Side::kSource;
    error.where.uri = uri_;
    error.where.record = record;
    error.where.byte = chunk_.byte + byte;
    error.where.line = lines_.line_at(byte);
    return error;
  }

  uint32_t field_end(size_t field, bool last) const {
    return records_.index->end(field) - static_cast<uint32_t>(last ? 0 : records_.syntax->delimiter.size() - 1);
  }

  // Marks what stands from a field on to `end`, bytes of the chunk; an empty field is marked by one byte.
  void mark(size_t field, uint32_t end, uint32_t record, Error& error) const {
    const uint32_t begin = records_.index->begin(field);
    error.fault_at = begin - record;
    error.fault_bytes = std::max(end, begin + 1) - begin;
  }

  void mark_misfit(const Misfit& misfit, Error& error) const {
    const FieldIndex& index = *records_.index;
    const size_t first = field_that_begins(index, misfit.begin);
    const size_t last = first + misfit.fields - 1;
    switch (misfit.code) {
      case Code::kRowTooLong:
        return mark(first + records_.columns, misfit.end, misfit.begin, error);
      case Code::kUnclosedQuote:
        return mark(last, misfit.end, misfit.begin, error);
      case Code::kTextAfterQuote: {
        const size_t field = *std::ranges::lower_bound(index.stray, static_cast<uint32_t>(first));
        return mark(field, std::min(field_end(field, field == last), misfit.end), misfit.begin, error);
      }
      default:
        error.fault_at = error.raw.size();
        error.fault_bytes = 1;
    }
  }

  std::string value_of(size_t field, size_t last) const {
    const RawField raw = raw_field(records_, field, field == last);
    if (!raw.quoted || !has_escape(raw.text, *records_.syntax)) return std::string(raw.text);
    std::string text;
    append_unescaped(raw.text, *records_.syntax, text);
    return text;
  }

  const std::string& uri_;
  bool header_;
  const Chunk& chunk_;
  const Records& records_;
  const std::vector<ColumnPlan>& plans_;
  LineCursor lines_;
};

}  // namespace

std::string shown(std::string_view value) {
  constexpr size_t kMost = 60;
  constexpr char kHex[] = "0123456789abcdef";
  const bool valid = simdjson::validate_utf8(value.data(), value.size());
  std::string text = "'";
  size_t at = 0;
  // A cut inside a letter would leave half of it.
  for (; at < value.size() && (at < kMost || (valid && (static_cast<unsigned char>(value[at]) & 0xC0) == 0x80)); ++at) {
    const auto byte = static_cast<unsigned char>(value[at]);
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !valid))
      text += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
    else
      text += value[at];
  }
  return text + (at < value.size() ? "...'" : "'");
}

void explain(Code code, const std::string& value, const Type& type, Error& error) {
  error.hint = "correct the value, or give the column a type that takes it";
  switch (code) {
    case Code::kNotNull:
      error.message = value.empty() ? "the field is empty and its column takes no NULL"
                                    : "the field means NULL and its column takes none: " + shown(value);
      error.hint = "make the column Nullable, or fill the field";
      break;
    case Code::kOutOfRange:
      error.message = "the value lies outside of the range of " + to_string(type) + ": " + shown(value);
      break;
    case Code::kInexact:
      error.message = to_string(type) + " cannot hold the value exactly: " + shown(value);
      break;
    case Code::kInvalidUtf8:
      error.message = "the text is not UTF-8: " + shown(value);
      error.hint = "name the encoding of the file, as in --encoding latin-1";
      break;
    case Code::kNulByte:
      error.message = "the text holds a NUL byte: " + shown(value);
      error.hint = "remove the byte";
      break;
    case Code::kRewritten:
      error.message = to_string(type) + " carries the value but not the way it is written: " + shown(value);
      error.hint = "give the column the type String where the form matters";
      break;
    case Code::kTrimmed:
      error.message = "spaces around the value were left out: " + shown(value);
      error.hint.clear();
      break;
    case Code::kDecimalComma:
      error.message = "the comma was read as the decimal mark: " + shown(value);
      error.hint.clear();
      break;
    case Code::kThousands:
      error.message = "marks between thousands were left out: " + shown(value);
      error.hint.clear();
      break;
    default:
      error.message = "the text is no " + to_string(type) + ": " + shown(value);
  }
}

Error unsure_dates(const std::string& uri, const ColumnPlan& plan, const Witness& witness) {
  const std::string& name = plan.field.name;
  return {
      .code = Code::kDateOrderUnsure,
      .message = "no date of column \"" + name + "\" tells day from month, as '" + witness.text + "'",
      .where = {.uri = uri, .line = witness.line, .column = static_cast<uint32_t>(plan.source), .column_name = name},
      .expected = "a date whose day is above 12",
      .found = witness.text,
      .hint = "--date-order dmy, mdy or text settles it; so does a type for the column: --type " + name + ":String",
      .side = Side::kSource};
}

std::vector<Error> make_rejects(const std::string& uri, bool header, const Chunk& chunk, const Records& records,
                                const std::vector<ColumnPlan>& plans, const std::vector<Failure>& failures) {
  RejectMaker maker(uri, header, chunk, records, plans);
  std::vector<Error> rejects;
  rejects.reserve(records.misfits.size() + failures.size());
  auto misfit = records.misfits.begin();
  for (const Failure& failure : failures) {
    for (; misfit != records.misfits.end() && misfit->record < failure.row; ++misfit)
      rejects.push_back(maker.of_misfit(*misfit));
    rejects.push_back(maker.of_failure(failure));
  }
  for (; misfit != records.misfits.end(); ++misfit) rejects.push_back(maker.of_misfit(*misfit));
  return rejects;
}

}  // namespace flatbed
