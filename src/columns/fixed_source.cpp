// Fixed width text. Enters: lines. Leaves: batches, by way of the CSV source, which gets the same lines with their
// fields set apart. Invariant: lines keep their numbers, and a reject holds its line as it stood.
#include "columns/fixed_source.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <optional>

namespace flatbed {
namespace {

constexpr char kSeparator = '\x1F';  // ASCII's own sign between fields
constexpr size_t kStepBytes = size_t{256} << 10;
constexpr size_t kHeadBytes = size_t{64} << 10;
constexpr size_t kKeptBytes = size_t{32} << 20;  // of lines that a reject may ask for

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t';
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// The byte at which a character of UTF-8 begins, or the end of the line.
size_t byte_of(std::string_view line, size_t from, size_t characters) noexcept {
  size_t at = from;
  for (; characters != 0 && at < line.size(); --characters) {
    do ++at;
    while (at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0) == 0x80);
  }
  return at;
}

std::string_view take_line(std::string_view& text) noexcept {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// ---- Finding widths

std::vector<std::string_view> lines_of(std::string_view head, bool whole) {
  std::vector<std::string_view> lines;
  if (!whole) head = head.substr(0, head.rfind('\n') + 1);  // npos + 1 is 0
  while (!head.empty()) lines.push_back(take_line(head));
  return lines;
}

bool is_ruler(std::string_view line) {
  return line.find_first_not_of("-=+| ") == std::string_view::npos &&
         line.find_first_of("-=") != std::string_view::npos;
}

// Where runs of characters that are not blank begin.
std::vector<size_t> starts_of(std::string_view line) {
  std::vector<size_t> starts;
  for (size_t i = 0; i < line.size(); ++i) {
    if (!is_blank(line[i]) && (i == 0 || is_blank(line[i - 1]))) starts.push_back(i);
  }
  return starts;
}

std::vector<uint32_t> widths_between(const std::vector<size_t>& starts) {
  std::vector<uint32_t> widths;
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    widths.push_back(static_cast<uint32_t>(starts[i + 1] - (i == 0 ? 0 : starts[i])));
  }
  widths.push_back(UINT32_MAX);  // the last one takes the rest
  return widths;
}

std::optional<std::vector<uint32_t>> found_widths(const std::vector<std::string_view>& lines, bool& ruled) {
  if (lines.empty()) return std::nullopt;
  ruled = lines.size() > 1 && is_ruler(lines[1]);
  if (ruled) return widths_between(starts_of(lines[1]));
  std::vector<size_t> starts = starts_of(lines[0]);
  for (const size_t start : starts) {
    if (start == 0) continue;
    const bool apart = std::all_of(lines.begin() + 1, lines.end(), [&](std::string_view line) {
      return line.size() < start || is_blank(line[start - 1]);
    });
    if (!apart) return std::nullopt;
  }
  if (starts.size() < 2) return std::nullopt;
  return widths_between(starts);
}

// ---- The lines that were handed on, for rejects

// Where lines stand in the file, and what they hold. THREADS: every function from any thread.
class KeptLines {
 public:
  struct Line {
    std::string text{};
    uint64_t byte = 0;
  };
  void restart() {
    const std::lock_guard lock(mutex_);
    chunks_.clear();
    bytes_ = 0;
  }
  void keep(uint64_t first_line, uint64_t byte, std::string text) {
    const std::lock_guard lock(mutex_);
    bytes_ += text.size();
    chunks_.push_back({first_line, byte, std::move(text)});
    for (; bytes_ > kKeptBytes && chunks_.size() > 1; chunks_.pop_front()) bytes_ -= chunks_.front().text.size();
  }
  std::optional<Line> find(uint64_t number) const {
    const std::lock_guard lock(mutex_);
    const auto after = std::upper_bound(chunks_.begin(), chunks_.end(), number,
                                        [](uint64_t line, const Chunk& chunk) { return line < chunk.first_line; });
    if (after == chunks_.begin()) return std::nullopt;
    const Chunk& chunk = *std::prev(after);
    std::string_view text = chunk.text;
    for (uint64_t line = chunk.first_line; line < number && !text.empty(); ++line) take_line(text);
    if (text.empty()) return std::nullopt;
    const uint64_t byte = chunk.byte + (chunk.text.size() - text.size());
    return Line{std::string(take_line(text)), byte};
  }

 private:
  struct Chunk {
    uint64_t first_line = 0, byte = 0;
    std::string text{};
  };
  mutable std::mutex mutex_{};
  std::deque<Chunk> chunks_{};
  size_t bytes_ = 0;
};

// ---- Setting fields apart

class FixedBytes final : public ByteSource {
 public:
  FixedBytes(std::unique_ptr<ByteSource> bytes, FixedOptions options, std::shared_ptr<KeptLines> kept)
      : bytes_(std::move(bytes)), options_(std::move(options)), kept_(std::move(kept)) {
    kept_->restart();
  }

  Result<Buffer> read(size_t most, std::stop_token stop) override {
    while (taken_ == out_.size()) {
      if (ended_) return Buffer();
      if (Status status = fill(stop); !status) return std::move(status).error();
    }
    const size_t bytes = std::min(most, out_.size() - taken_);
    Buffer part = Buffer::allocate(bytes);
    out_.copy(reinterpret_cast<char*>(part.writable()), bytes, taken_);
    taken_ += bytes;
    return part;
  }
  const std::string& uri() const noexcept override { return bytes_->uri(); }
  std::optional<uint64_t> total_bytes() const noexcept override { return bytes_->total_bytes(); }
  uint64_t consumed_bytes() const noexcept override { return bytes_->consumed_bytes(); }

 private:
  // Reads on, and sets apart the fields of the lines that are whole.
  Status fill(std::stop_token stop) {
    const size_t enough = line_ == 1 ? kHeadBytes : 1;
    for (bool more = true; more;) {
      auto part = bytes_->read(kStepBytes, stop);
      if (!part) return std::move(part).error();
      ended_ = part->empty();
      left_ += part->text();
      more = !ended_ && (left_.size() < enough || left_.find('\n') == std::string::npos);
    }
    if (line_ == 1) {
      if (Status status = learn(); !status) return status;
    }
    const size_t end = ended_ ? left_.size() : left_.rfind('\n') + 1;
    std::string lines = left_.substr(0, end);
    left_.erase(0, end);
    out_.clear();
    taken_ = 0;
    const uint64_t first = line_;
    for (std::string_view rest = lines; !rest.empty(); ++line_) {
      const bool closed = rest.find('\n') != std::string_view::npos;
      set_apart(take_line(rest));
      if (closed) out_ += '\n';
    }
    const uint64_t byte = byte_;
    byte_ += lines.size();
    kept_->keep(first, byte, std::move(lines));
    return {};
  }

  Status learn() {
    if (!options_.widths.empty()) return {};
    std::vector<std::string_view> lines = lines_of(left_, ended_);
    lines.erase(lines.begin(), lines.begin() + std::min<ptrdiff_t>(options_.skip_rows, std::ssize(lines)));
    auto widths = options_.header ? found_widths(lines, ruled_) : std::nullopt;
    if (widths) {
      options_.widths = std::move(*widths);
      return {};
    }
    return Error{.code = Code::kDialectUnsure,
                 .message = "the widths of the columns are not told by the first lines",
                 .where = {.uri = uri()},
                 .expected = "a header with a line of dashes below it, or whose words begin where columns do",
                 .hint = "give the widths in characters: -s widths=10,5,8"};
  }

  // Line and field, each in characters: what lies behind the last width makes a field too many.
  void set_apart(std::string_view line) {
    const uint64_t at_header = uint64_t{options_.skip_rows} + 1;
    if (line_ < at_header || (ruled_ && line_ == at_header + 1)) return;  // an empty line is no record
    if (trimmed(line).empty()) return;
    size_t at = 0;
    for (size_t i = 0; i < options_.widths.size(); ++i) {
      const size_t end = byte_of(line, at, options_.widths[i]);
      if (i != 0) out_ += kSeparator;
      out_ += trimmed(line.substr(at, end - at));
      at = end;
    }
    if (const std::string_view rest = trimmed(line.substr(at)); !rest.empty()) (out_ += kSeparator) += rest;
  }

  std::unique_ptr<ByteSource> bytes_;
  FixedOptions options_;
  std::shared_ptr<KeptLines> kept_;
  std::string left_{};  // read, but not yet a whole line
  std::string out_{};
  size_t taken_ = 0;  // of out_
  uint64_t line_ = 1, byte_ = 0;
  bool ruled_ = false, ended_ = false;
};

// The CSV source, whose rejects get their lines back.
class FixedSource final : public Source {
 public:
  FixedSource(std::unique_ptr<Source> rows, std::shared_ptr<KeptLines> kept)
      : rows_(std::move(rows)), kept_(std::move(kept)) {}
  Result<Schema> open(const ReadRequest& request, std::stop_token stop) override {
    auto schema = rows_->open(request, stop);
    if (!schema) return restored(std::move(schema).error());
    return schema;
  }
  Result<std::optional<Delivery>> next(std::stop_token stop) override {
    auto delivery = rows_->next(stop);
    if (!delivery) return restored(std::move(delivery).error());
    if (*delivery) {
      for (Error& reject : (*delivery)->rejects) reject = restored(std::move(reject));
    }
    return delivery;
  }
  Position position() const noexcept override { return rows_->position(); }
  std::optional<uint64_t> total_bytes() const noexcept override { return rows_->total_bytes(); }
  std::vector<std::pair<std::string, std::string>> settings() const override { return rows_->settings(); }

 private:
  // Bytes counted behind the separators are not the file's.
  Error restored(Error error) const {
    error.where.byte.reset();
    if (!error.where.line) return error;
    if (auto line = kept_->find(*error.where.line)) {
      error.where.byte = line->byte;
      if (!error.raw.empty()) error.raw = std::move(line->text);
      error.fault_at = error.fault_bytes = 0;
    }
    return error;
  }

  std::unique_ptr<Source> rows_;
  std::shared_ptr<KeptLines> kept_;
};

}  // namespace

std::unique_ptr<Source> fixed_source(std::vector<CsvInput> inputs, FixedOptions options) {
  auto kept = std::make_shared<KeptLines>();
  for (CsvInput& input : inputs) {
    input.open = [open = std::move(input.open), options,
                  kept](std::stop_token stop) -> Result<std::unique_ptr<ByteSource>> {
      auto bytes = open(stop);
      if (!bytes) return bytes;
      return std::unique_ptr<ByteSource>(std::make_unique<FixedBytes>(std::move(*bytes), options, kept));
    };
  }
  Dialect dialect;
  dialect.delimiter = {std::string(1, kSeparator), Chosen::kUser};
  dialect.quote = {"", Chosen::kUser};
  dialect.escape = {"", Chosen::kUser};
  dialect.header = {options.header, Chosen::kUser};
  dialect.encoding = {"utf-8", Chosen::kUser};
  if (!options.nulls.empty()) dialect.nulls = {options.nulls, Chosen::kUser};
  auto rows = csv_source(std::move(inputs), {.dialect = std::move(dialect), .all_text = options.all_text});
  return std::make_unique<FixedSource>(std::move(rows), std::move(kept));
}

}  // namespace flatbed
