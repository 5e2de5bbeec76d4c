// Fixed width out. Enters: batches. Leaves: lines, every one as long as the sum of the widths.
#include "encode/fixed.hpp"

#include <algorithm>

#include "columns/format.hpp"
#include "encode/plain_text.hpp"

namespace flatbed {
namespace {

size_t characters(std::string_view text) noexcept {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

bool is_number(const Type& type) {
  const std::string name = to_string(type);
  const std::string_view inner = name.starts_with("Nullable(") ? std::string_view(name).substr(9) : name;
  for (const std::string_view kind : {"Int", "UInt", "Float", "Decimal", "BFloat"}) {
    if (inner.starts_with(kind)) return true;
  }
  return false;
}

class FixedEncoder final : public Encoder {
 public:
  FixedEncoder(std::vector<uint32_t> widths, bool header, bool any_bytes)
      : widths_(std::move(widths)), header_(header), any_bytes_(any_bytes) {}

  void begin(const Schema& schema, std::string& out) override {
    right_.clear();
    for (const Field& field : schema.fields) right_.push_back(is_number(field.type));
    if (schema.size() != widths_.size()) {
      problem_ = Error{.code = Code::kBadOption,
                       .message = "there are " + std::to_string(schema.size()) + " columns and " +
                                  std::to_string(widths_.size()) + " widths",
                       .hint = "give a width for each column: -t widths=10,5,8"};
      return;
    }
    for (size_t i = 0; header_ && i < schema.size(); ++i) {
      const std::string& name = schema.fields[i].name;
      if (characters(name) > widths_[i] || name.find_first_of("\r\n") != std::string::npos) {
        problem_ = Error{.code = Code::kInexact,
                         .message = "the name of column \"" + name + "\" is wider than " + std::to_string(widths_[i]) +
                                    " characters",
                         .where = {.column_name = name},
                         .hint = "widen the column, or leave the header out: -t header=false"};
        return;
      }
      put(name, i, out);
    }
    if (header_) out += '\n';
  }

  Status encode(const Batch& batch, std::string& out) override {
    if (problem_) return *problem_;
    const size_t before = out.size();
    std::string text;
    for (size_t row = 0; row < batch.rows(); ++row) {
      for (size_t i = 0; i < widths_.size(); ++i) {
        text.clear();
        const Column& column = batch.column(i);
        const bool null = column.is_null(row);
        if (!null) append_value(column, row, text);
        if (const char* wrong = null ? nullptr : misfit(text, i, column.type.nullable)) {
          return Error{.code = Code::kInexact,
                       .message = std::string("the value ") + wrong + ": " + text.substr(0, 100),
                       .where = {.record = batch.record(row),
                                 .column = static_cast<uint32_t>(i),
                                 .column_name = batch.schema().fields[i].name},
                       .expected = "at most " + std::to_string(widths_[i]) + " characters that read back as they are"};
        }
        put(text, i, out);
      }
      out += '\n';
    }
    return any_bytes_ ? Status() : check_text(batch, std::string_view(out).substr(before));
  }

  void end(std::string&) override {}

 private:
  const char* misfit(std::string_view text, size_t column, bool nullable) const {
    if (text.find_first_of("\r\n\x1F") != std::string_view::npos) return "holds a line break or separator";
    if (text.empty()) return nullable ? "is empty text, which would read back as NULL" : nullptr;
    if (text.front() == ' ' || text.front() == '\t' || text.back() == ' ' || text.back() == '\t') {
      return "begins or ends with a blank";
    }
    return characters(text) > widths_[column] ? "is too wide" : nullptr;
  }

  void put(std::string_view text, size_t column, std::string& out) const {
    const size_t padding = widths_[column] - characters(text);
    if (right_[column]) out.append(padding, ' ');
    out += text;
    if (!right_[column]) out.append(padding, ' ');
  }

  const std::vector<uint32_t> widths_;
  const bool header_, any_bytes_;
  std::vector<bool> right_{};
  std::optional<Error> problem_{};
};

}  // namespace

std::unique_ptr<Encoder> fixed_encoder(std::vector<uint32_t> widths, bool header, bool any_bytes) {
  return std::make_unique<FixedEncoder>(std::move(widths), header, any_bytes);
}

}  // namespace flatbed
