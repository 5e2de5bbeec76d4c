// The file connector. Enters: a path, a glob or "-", and options. Leaves: a source of the rows of text files, or a
// sink that writes one text file, which appears under its name only when it is whole.
#include "connect/file.hpp"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <functional>
#include <thread>

#include "columns/csv_source.hpp"
#include "columns/fixed_source.hpp"
#include "columns/json_source.hpp"
#include "encode/encoding_line.hpp"
#include "encode/fixed.hpp"
#include "flatbed/bytes.hpp"
#include "flatbed/registry.hpp"

namespace flatbed {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "format",
     .type = OptionType::kChoice,
     .help = "Format; auto goes by the name's ending",
     .default_text = "auto",
     .choices = "auto|csv|tsv|psv|fixed|ndjson|json"},
    {.name = "widths",
     .type = OptionType::kNames,
     .help = "Characters of each column of a fixed width file: 10,5,8; reading finds them in the header"},
    {.name = "delimiter", .help = "Text between fields; reading finds it when it is not given"},
    {.name = "quote", .help = "Character around fields; empty: fields are never quoted"},
    {.name = "escape",
     .help = "Character before a quote inside a quoted field; the quote itself: doubled; a backslash with no quote: "
             "\\t, \\n, \\N and the like, as in TSV of ClickHouse"},
    {.name = "header", .type = OptionType::kFlag, .help = "The first record names the columns"},
    {.name = "header_rows",
     .type = OptionType::kCount,
     .help = "Records that name the columns; 0: none; the names of several are joined by a space",
     .use = Use::kRead},
    {.name = "skip_rows",
     .type = OptionType::kCount,
     .help = "Lines to leave out before the header",
     .use = Use::kRead},
    {.name = "spaces",
     .type = OptionType::kFlag,
     .help = "Spaces before a field are layout; where a space delimits, several are one delimiter",
     .use = Use::kRead},
    {.name = "encoding",
     .help =
         "Encoding of the text: utf-8, utf-16le, utf-16be, latin-1, cp1252; written: utf-8, or bytes for texts that "
         "are not UTF-8"},
    {.name = "nulls", .type = OptionType::kNames, .help = "Unquoted fields that are NULL", .default_text = ",\\N"},
    {.name = "all_text",
     .type = OptionType::kFlag,
     .help = "Read every column as String, without looking at types",
     .default_text = "false",
     .use = Use::kRead},
    {.name = "repair",
     .type = OptionType::kNames,
     .help = "Repairs of what does not fit, each counted: pad, cut, trim, decimal-comma, thousands, names",
     .use = Use::kRead},
    {.name = "date_order",
     .type = OptionType::kChoice,
     .help = "Order of dates such as 03/04/2026; auto goes by proof, text leaves them as text",
     .default_text = "auto",
     .choices = "auto|dmy|mdy|text",
     .use = Use::kRead},
    {.name = "as_is",
     .type = OptionType::kFlag,
     .help = "Carry the first table of a file as it stands: every field text, rows of any length, names as written",
     .default_text = "false"},
    {.name = "flatten",
     .type = OptionType::kFlag,
     .help = "Members of JSON objects within objects are columns of their own, named a.b",
     .default_text = "false",
     .use = Use::kRead},
    {.name = "objects",
     .type = OptionType::kFlag,
     .help = "Records of JSON are objects, and others are rejected, also where no record is one",
     .default_text = "false",
     .use = Use::kRead},
    {.name = "member", .help = "Member of a zip or tar archive", .use = Use::kRead},
    {.name = "unpack_limit",
     .type = OptionType::kBytes,
     .help = "Most bytes that a packed file may unpack to",
     .default_text = "1T",
     .use = Use::kRead},
    {.name = "compression",
     .type = OptionType::kChoice,
     .help = "Compression of the file written",
     .default_text = "auto",
     .choices = "auto|none|gzip|zstd",
     .use = Use::kWrite},
    {.name = "overwrite",
     .type = OptionType::kFlag,
     .help = "Replace the file if it is there",
     .default_text = "false",
     .use = Use::kWrite},
    {.name = "quote_integers",
     .type = OptionType::kFlag,
     .help = "Write integers of 64 bits and more as texts in JSON",
     .default_text = "false",
     .use = Use::kWrite},
    {.name = "split",
     .type = OptionType::kBytes,
     .help = "Bytes, before compression, at which a further file begins: name-0002.csv; each has the header",
     .use = Use::kWrite},
    {.name = "formula_safe",
     .type = OptionType::kFlag,
     .help = "Put ' before cells that a spreadsheet would run; changes the data",
     .default_text = "false",
     .use = Use::kWrite},
};

// Escapes a person can type for bytes that a shell makes hard.
std::string unescaped(const std::string& text) {
  if (text == "\\t" || text == "tab") return "\t";
  if (text == "space") return " ";
  if (text == "none") return "";
  return text;
}

// The ending that tells the format: "csv" of "sales.csv.gz"; of a file on the web the query does not count.
std::string_view ending(const Uri& uri) {
  std::string_view path = uri.path;
  if (uri.scheme != "file") path = path.substr(0, path.find('?'));
  for (const std::string_view packed : {".gz", ".zst", ".lz4", ".xz", ".bz2", ".zip"}) {
    if (path.ends_with(packed)) path.remove_suffix(packed.size());
  }
  const size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
}

// The format that was chosen, or that the name's ending tells.
std::string_view format_of(const Uri& uri, std::string_view format) {
  if (!format.empty() && format != "auto") return format;
  const std::string_view end = ending(uri);
  if (end == "tsv" || end == "tab") return "tsv";
  if (end == "ndjson" || end == "jsonl") return "ndjson";
  return end == "json" ? "json" : end == "psv" ? "psv" : "csv";
}

std::string_view format_of(const Uri& uri, const Options& options) {
  return format_of(uri, options.text("format"));
}

bool is_json(std::string_view format) {
  return format == "ndjson" || format == "json";
}

Result<std::vector<uint32_t>> widths_of(const Options& options) {
  std::vector<uint32_t> widths;
  for (const std::string& text : options.names("widths")) {
    uint32_t width = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), width);
    if (error != std::errc{} || end != text.data() + text.size() || width == 0 || width > (1u << 20)) {
      return Error{.code = Code::kBadOption,
                   .message = "option \"widths\" cannot be \"" + text + "\"",
                   .expected = "characters of each column: 10,5,8"};
    }
    widths.push_back(width);
  }
  return widths;
}

template <class T>
void choose(const Options& options, std::string_view name, Setting<T>& setting, T value) {
  if (options.given(name)) setting = {std::move(value), Chosen::kUser};
}

Dialect dialect_of(const Uri& uri, const Options& options) {
  Dialect dialect;
  const std::string_view format = format_of(uri, options);
  // The name of a file tells what to expect; its content decides.
  const Chosen by = options.text("format") == "auto" ? Chosen::kDefault : Chosen::kUser;
  if (format == "tsv") dialect.delimiter = {"\t", by};
  if (format == "psv") dialect.delimiter = {"|", by};
  if (is_json(format)) {
    // As text a line is one field.
    dialect.delimiter = {"\x1F", Chosen::kUser};
    dialect.quote = dialect.escape = {"", Chosen::kUser};
    dialect.header = {false, Chosen::kUser};
  }
  choose(options, "delimiter", dialect.delimiter, unescaped(options.text("delimiter")));
  choose(options, "quote", dialect.quote, unescaped(options.text("quote")));
  choose(options, "escape", dialect.escape, unescaped(options.text("escape")));
  choose(options, "header", dialect.header, options.flag("header"));
  choose(options, "header_rows", dialect.header_rows, static_cast<uint32_t>(options.count("header_rows")));
  if (options.given("header_rows") && !options.given("header"))
    dialect.header = {dialect.header_rows.value > 0, Chosen::kUser};
  choose(options, "skip_rows", dialect.skip_rows, static_cast<uint32_t>(options.count("skip_rows")));
  choose(options, "spaces", dialect.spaces, options.flag("spaces"));
  choose(options, "encoding", dialect.encoding, options.text("encoding"));
  choose(options, "nulls", dialect.nulls, options.names("nulls"));
  if (dialect.quote.value.empty()) {
    const bool backslashes = dialect.escape == Setting<std::string>{"\\", Chosen::kUser};
    if (!backslashes) dialect.escape = {"", dialect.quote.by};
    // A writer of backslashes tells NULL from an empty text.
    if (backslashes && !options.given("nulls")) dialect.nulls = {{"\\N"}, Chosen::kDefault};
  }
  return dialect;
}

Result<CsvSourceOptions> source_options(const Uri& uri, const Options& options) {
  auto repairs = parse_repairs(options.names("repair"));
  if (!repairs) return std::move(repairs).error();
  const std::string& order = options.text("date_order");
  return CsvSourceOptions{.dialect = dialect_of(uri, options),
                          .all_text = options.flag("all_text"),
                          .as_is = options.flag("as_is"),
                          .repairs = *repairs,
                          .ordered_dates_are_text = order == "text",
                          .date_order = order == "dmy"   ? DateOrder::kDayFirst
                                        : order == "mdy" ? DateOrder::kMonthFirst
                                                         : DateOrder::kNone};
}

Result<std::unique_ptr<Source>> json_rows(std::vector<CsvInput> inputs, std::string_view format,
                                          const CsvSourceOptions& text, const Options& options) {
  for (const char* name : {"delimiter", "quote", "escape", "header", "header_rows", "skip_rows", "spaces", "encoding",
                           "nulls", "repair", "widths"}) {
    if (options.given(name))
      return Error{.code = Code::kUsage,
                   .message = "option \"" + std::string(name) + "\" says nothing about JSON",
                   .hint = "leave it out, or give format=csv to read the lines as text"};
  }
  return json_source(std::move(inputs), {.layout = format == "json" ? JsonLayout::kValues : JsonLayout::kLines,
                                         .as_is = text.as_is,
                                         .all_text = text.all_text,
                                         .flatten = options.flag("flatten"),
                                         .objects = options.flag("objects"),
                                         .ordered_dates_are_text = text.ordered_dates_are_text,
                                         .date_order = text.date_order});
}

}  // namespace

std::vector<OptionSpec> reading_options() {
  std::vector<OptionSpec> options;
  for (const OptionSpec& option : kOptions) {
    if (option.use != Use::kWrite) options.push_back(option);
  }
  return options;
}

ReadFileOptions read_file_options(const Options& options) {
  return {.member = options.text("member"), .unpack_limit = options.count("unpack_limit")};
}

Result<std::unique_ptr<Source>> rows_of(std::vector<CsvInput> inputs, const Uri& uri, const Options& options) {
  const std::string_view format = format_of(uri, options);
  auto text = source_options(uri, options);
  if (!text) return std::move(text).error();
  if (is_json(format)) return json_rows(std::move(inputs), format, *text, options);
  for (const std::string name : {"flatten", "objects"}) {
    if (options.flag(name))
      return Error{.code = Code::kUsage,
                   .message = "option \"" + name + "\" is for JSON, and " + uri.shown + " is none",
                   .hint = "leave it out, or give format=json or format=ndjson"};
  }
  if (format == "fixed") {
    auto widths = widths_of(options);
    if (!widths) return std::move(widths).error();
    return fixed_source(std::move(inputs), {.widths = std::move(*widths),
                                            .header = !options.given("header") || options.flag("header"),
                                            .skip_rows = static_cast<uint32_t>(options.count("skip_rows")),
                                            .nulls = options.names("nulls"),
                                            .all_text = options.flag("all_text")});
  }
  return csv_source(std::move(inputs), std::move(*text));
}

namespace {

Result<std::unique_ptr<Source>> make_source(const Uri& uri, const Options& options) {
  std::vector<std::string> paths{uri.path};
  if (uri.path != "-") {
    auto expanded = expand_glob(uri.path);
    if (!expanded) return std::move(expanded).error();
    paths = std::move(*expanded);
  }
  const ReadFileOptions file_options = read_file_options(options);
  std::vector<CsvInput> inputs;
  for (const std::string& path : paths) {
    inputs.push_back({.uri = path, .reopenable = path != "-", .open = [path, file_options](std::stop_token stop) {
                        return open_bytes(path, file_options, std::move(stop));
                      }});
  }
  return rows_of(std::move(inputs), uri, options);
}

// As much as the detection looks at, most of it for the encoding alone.
constexpr size_t kSampleBytes = size_t{1} << 20;

Result<Dialect> sniff_head(ByteSource& bytes, const Dialect& given, std::stop_token stop) {
  std::string sample;
  bool whole = false;
  while (!whole && sample.size() < kSampleBytes) {
    auto part = bytes.read(kSampleBytes - sample.size(), stop);
    if (!part) return std::move(part).error();
    whole = part->empty();
    sample += part->text();
  }
  auto dialect = sniff(sample, whole, given);
  if (dialect) return dialect;
  Error error = std::move(dialect).error();
  if (error.where.uri.empty()) error.where.uri = bytes.uri();
  return error;
}

Result<std::unique_ptr<ByteSource>> open_first(const Uri& uri, const Options& options, std::stop_token stop) {
  std::string path = uri.path;
  if (path != "-") {
    auto paths = expand_glob(path);
    if (!paths) return std::move(paths).error();
    path = paths->front();
  }
  return open_bytes(path, read_file_options(options), std::move(stop));
}

Result<Options> read_options(const std::map<std::string, std::string>& given) {
  return Options::check(kOptions, given, Use::kRead);
}

// Writes one file, or several of about one size. All of them appear when the last one is whole.
class FileSink final : public Sink {
 public:
  FileSink(std::string path, WriteFileOptions options, std::function<std::unique_ptr<Encoder>()> make, uint64_t split)
      : path_(std::move(path)), options_(std::move(options)), make_(std::move(make)), split_(split) {}

  Result<std::optional<Schema>> existing(std::stop_token) override { return std::optional<Schema>(); }

  Status accepts(const Schema&, std::stop_token) override {
    std::error_code ignored;
    if (options_.overwrite || path_ == "-" || !std::filesystem::exists(path_, ignored)) return {};
    return Error{.code = Code::kTargetExists,
                 .message = "the file exists already: " + path_,
                 .where = {.uri = path_},
                 .hint = "--overwrite replaces it"};
  }

  Status open(const Schema& schema, const WriteRequest& request, std::stop_token) override {
    granted_ = request;
    return begin_file(schema);
  }

  Status write(const Batch& batch, std::stop_token stop) override {
    if (!line_) start_line(batch.shared_schema());
    return line_->put(batch, stop);
  }

  Status finish(std::stop_token) override {
    if (line_) {
      if (Status status = line_->finish(); !status) return status;
    }
    if (Status status = end_file(); !status) return status;
    for (const auto& file : files_) {
      if (Status status = file->finish(); !status) return status;
    }
    return {};
  }

  void abort() noexcept override {
    line_.reset();
    for (const auto& file : files_) file->abort();
    rows_ = bytes_ = blocks_ = 0;
  }

  Acknowledged acknowledged() const noexcept override { return {rows_, bytes_, blocks_}; }
  std::vector<Finding> leniencies() const override { return leniencies_; }

 private:
  // "sales-0002.csv.gz" of "sales.csv.gz".
  std::string name_of_next() const {
    if (split_ == 0) return path_;
    std::string number = std::to_string(files_.size() + 1);
    number.insert(0, number.size() < 4 ? 4 - number.size() : 0, '0');
    const size_t name = path_.rfind('/') + 1;  // npos + 1 is 0
    const size_t dot = std::min(path_.find('.', name + 1), path_.size());
    return path_.substr(0, dot) + "-" + number + path_.substr(dot);
  }

  // Of very many columns a schema is large, so the batches' own one is used.
  void start_line(std::shared_ptr<const Schema> schema) {
    const unsigned threads =
        granted_.threads != 0 ? granted_.threads : std::max(1u, std::thread::hardware_concurrency());
    const auto make = [this, schema = std::move(schema)] {
      auto encoder = make_();
      std::string head;
      encoder->begin(*schema, head);
      return encoder;
    };
    line_ = std::make_unique<EncodingLine>(make, threads, granted_.memory_limit / 2,
                                           [this](const Batch& batch, std::string_view text) {
                                             encoder_->count_leniencies(batch, leniencies_);
                                             return write_text(batch, text);
                                           });
  }

  // Runs on the line's thread, where the file is in its hands.
  Status write_text(const Batch& batch, std::string_view text) {
    if (split_ != 0 && file_bytes_ >= split_) {
      if (Status status = end_file(); !status) return status;
      if (Status status = begin_file(batch.schema()); !status) return status;
    }
    if (batch.rows() != 0) {
      if (Status status = put(encoder_->lead(first_)); !status) return status;
      first_ = false;
    }
    if (Status status = put(text); !status) return status;
    rows_ += batch.rows();
    ++blocks_;
    return {};
  }

  Status begin_file(const Schema& schema) {
    auto file = create_bytes(name_of_next(), options_);
    if (!file) return std::move(file).error();
    files_.push_back(std::move(*file));
    file_bytes_ = 0;
    first_ = true;
    std::string head;
    encoder_->begin(schema, head);
    return put(head);
  }

  Status end_file() {
    std::string tail;
    encoder_->end(tail);
    return put(tail);
  }

  Status put(std::string_view text) {
    bytes_ += text.size();
    file_bytes_ += text.size();
    return text.empty() ? Status() : files_.back()->write(text);
  }

  const std::string path_;
  const WriteFileOptions options_;
  const std::function<std::unique_ptr<Encoder>()> make_;
  const std::unique_ptr<Encoder> encoder_ = make_();  // of what stands around the rows
  const uint64_t split_;                              // 0: into one file
  WriteRequest granted_{};
  std::vector<std::unique_ptr<ByteSink>> files_{};  // the last one is being written
  uint64_t file_bytes_ = 0;
  std::vector<Finding> leniencies_{};
  bool first_ = true;  // no row is in the file
  std::atomic<uint64_t> rows_{0}, bytes_{0}, blocks_{0};
  std::unique_ptr<EncodingLine> line_{};  // last: its threads use what stands above
};

Result<std::unique_ptr<Encoder>> encoder_of(const Uri& uri, const Options& options) {
  const std::string_view format = format_of(uri, options);
  const std::string& encoding = options.text("encoding");
  const bool any_bytes = encoding == kAnyBytes && !is_json(format);
  if (options.given("encoding") && encoding != "utf-8" && !any_bytes) {
    return Error{.code = Code::kBadOption,
                 .message = "text is not written in this encoding: " + encoding,
                 .expected = is_json(format) ? "utf-8" : "utf-8, or bytes for texts as they are"};
  }
  if (format == "fixed") {
    auto widths = widths_of(options);
    if (!widths) return std::move(widths).error();
    return fixed_encoder(std::move(*widths), !options.given("header") || options.flag("header"), any_bytes);
  }
  if (is_json(format)) {
    return json_encoder({.array = format == "json", .quote_integers = options.flag("quote_integers")});
  }
  return csv_encoder({.dialect = dialect_of(uri, options),
                      .formula_safe = options.flag("formula_safe"),
                      .as_is = options.flag("as_is")});
}

// Text under a name that promises another format misleads whoever opens it.
Status check_name(const Uri& uri, const Options& options) {
  constexpr std::string_view kForeign[] = {"parquet", "arrow", "feather", "orc", "avro", "xlsx", "xls",
                                           "ods",     "xml",   "html",    "pdf", "7z",   "rar"};
  if (options.text("format") != "auto" || std::ranges::find(kForeign, ending(uri)) == std::end(kForeign)) return {};
  return Error{.code = Code::kUsage,
               .message = "the format that the name promises is not written: " + uri.shown,
               .where = {.uri = uri.shown},
               .expected = "a name that ends in .csv, .tsv, .psv, .ndjson, .json, .parquet or .arrow",
               .hint = "choose such a name; --to csv writes text under this one",
               .side = Side::kTarget};
}

Result<std::unique_ptr<Sink>> make_sink(const Uri& uri, const Options& options) {
  if (Status status = check_name(uri, options); !status) return std::move(status).error();
  auto encoder = encoder_of(uri, options);
  if (!encoder) return std::move(encoder).error();
  const uint64_t split = options.count("split");
  if (split != 0 && uri.path == "-") {
    return Error{.code = Code::kUsage, .message = "standard output cannot be split into files"};
  }
  WriteFileOptions file{.overwrite = options.flag("overwrite"), .compression = options.text("compression")};
  auto make = [uri, options] { return encoder_of(uri, options).value(); };
  return std::unique_ptr<Sink>(std::make_unique<FileSink>(uri.path, std::move(file), std::move(make), split));
}

Result<Dialect> sniff_first(const Uri& uri, const Options& options, std::stop_token stop) {
  return sniff_file(uri, options, [&](std::stop_token stopped) { return open_first(uri, options, stopped); }, stop);
}

}  // namespace

Result<Dialect> dialect_from(const std::map<std::string, std::string>& given) {
  auto options = read_options(given);
  if (!options) return std::move(options).error();
  return dialect_of({}, *options);
}

bool is_json(const Uri& uri, std::string_view format) {
  return is_json(format_of(uri, format));
}

Result<Dialect> sniff_file(const Uri& uri, const Options& options, const OpenBytes& open, std::stop_token stop) {
  if (is_json(format_of(uri, options)))
    return Error{.code = Code::kUsage,
                 .message = "only text in fields has a dialect, and " + uri.shown + " is JSON",
                 .hint = "flatbed schema shows the columns of any source"};
  auto bytes = open(stop);
  if (!bytes) return std::move(bytes).error();
  return sniff_head(**bytes, dialect_of(uri, options), stop);
}

Connector bytes_connector(std::string_view bytes, std::shared_ptr<const void> owner) {
  auto open = [bytes, owner](std::stop_token) {
    return Result<std::unique_ptr<ByteSource>>(memory_bytes(bytes, kBytesUri, owner));
  };
  auto make = [open](const Uri& uri, const Options& options) -> Result<std::unique_ptr<Source>> {
    std::vector<CsvInput> inputs;
    inputs.push_back({.uri = kBytesUri, .reopenable = true, .open = open});
    return rows_of(std::move(inputs), uri, options);
  };
  auto sniff = [open](const Uri& uri, const Options& options, std::stop_token stop) {
    return sniff_file(uri, options, open, std::move(stop));
  };
  return {.name = "bytes",
          .schemes = {"bytes"},
          .summary = "The bytes of a text file that the program holds",
          .options = kOptions,
          .make_source = std::move(make),
          .sniff = std::move(sniff)};
}

Connector file_connector() {
  return {.name = "file",
          .schemes = {"file"},
          .summary =
              "CSV, TSV and JSON files: a path, a glob, or - for standard input and output; packed "
              "ones are unpacked",
          .options = kOptions,
          .make_source = make_source,
          .make_sink = make_sink,
          .sniff = sniff_first};
}

}  // namespace flatbed
