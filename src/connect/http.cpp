// The connector of files on the web. Enters: an http:// or https:// address and options. Leaves: a source of the rows
// of its text file. Invariant: every pass over the file reads the same version of it.
#include <algorithm>
#include <atomic>

#include "bytes/archive.hpp"
#include "bytes/web_file.hpp"
#include "connect/file.hpp"
#include "connect/transport.hpp"

namespace flatbed {
namespace {

constexpr OptionSpec kConnectionOptions[] = {
    transport::kUser,
    {.name = "password",
     .help = "Password of the user; also from the environment: FLATBED_HTTP_PASSWORD",
     .secret = true},
    {.name = "token", .help = "Token, sent as Authorization: Bearer; also FLATBED_HTTP_TOKEN", .secret = true},
    transport::kCaFile,
    transport::kCertFile,
    transport::kKeyFile,
    transport::kKeyPassword,
    transport::kVerify,
    {.name = "insecure",
     .type = OptionType::kFlag,
     .help = "Send a password or token to another host without TLS, and follow a redirect from https to http",
     .default_text = "false"},
    transport::kProxy,
    {.name = "redirects", .type = OptionType::kCount, .help = "Most redirects to follow", .default_text = "5"},
    {.name = "hosts",
     .type = OptionType::kNames,
     .help = "Hosts that may be asked, redirects included: example.org,10.0.0.7:8080; empty: any"},
    {.name = "retries",
     .type = OptionType::kCount,
     .help = "Most new connections in a row, after one that broke, that bring nothing",
     .default_text = "6"},
    {.name = "unknown_length",
     .type = OptionType::kFlag,
     .help = "Read also what does not say how long it is: a break then passes as its end",
     .default_text = "false"},
    transport::kConnectTimeout,
    {.name = "timeout",
     .type = OptionType::kSeconds,
     .help = "Most seconds without a byte received or sent; 0 waits for ever",
     .default_text = "60"},
};

const std::vector<OptionSpec>& all_options() {
  static const std::vector<OptionSpec> kAll = [] {
    std::vector<OptionSpec> all = reading_options();
    all.insert(all.end(), std::begin(kConnectionOptions), std::end(kConnectionOptions));
    return all;
  }();
  return kAll;
}

std::string secret_of(const Options& options, std::string_view name, const std::string& from_address,
                      const char* variable) {
  if (options.given(name)) return options.text(name);
  if (!from_address.empty()) return from_address;
  return transport::from_environment(variable);
}

unsigned bounded(uint64_t count) {
  return static_cast<unsigned>(std::min<uint64_t>(count, 86400));
}

Result<std::shared_ptr<WebFile>> file_of(const Uri& uri, const Options& options) {
  if (uri.host.empty()) {
    return Error{.code = Code::kBadUri,
                 .message = "the address names no host: " + uri.shown,
                 .expected = "https://example.org/folder/file.csv"};
  }
  const std::string_view path = std::string_view(uri.path).substr(0, uri.path.find('?'));
  for (const std::string_view ending : {".parquet", ".arrow", ".feather", ".orc", ".avro", ".xlsx", ".xlsm"}) {
    if (!path.ends_with(ending)) continue;
    return Error{.code = Code::kUsage,
                 .message = "a file of this kind is read from the disk alone: " + uri.shown,
                 .where = {.uri = uri.shown},
                 .expected = "text in columns, or JSON",
                 .hint = "download it first, as with curl -O"};
  }
  WebFileOptions web{.http = transport::http_options(uri, options),
                     .token = secret_of(options, "token", "", "FLATBED_HTTP_TOKEN"),
                     .redirects = bounded(options.count("redirects")),
                     .hosts = options.names("hosts"),
                     .insecure = options.flag("insecure"),
                     .unknown_length = options.flag("unknown_length"),
                     .retries = bounded(options.count("retries"))};
  web.http.idle_seconds = bounded(options.count("timeout"));
  // The environment's password is for whoever was named: without a user it would go to every server.
  if (!web.http.user.empty() || options.given("password"))
    web.http.password = secret_of(options, "password", uri.password, "FLATBED_HTTP_PASSWORD");
  const std::string port = uri.port == 0 ? "" : ":" + std::to_string(uri.port);
  return std::make_shared<WebFile>(uri.scheme + "://" + in_address(uri.host) + port + uri.path, uri.shown,
                                   std::move(web));
}

// A source that asks the server first: what it says of the file's version decides how often the file can be read.
class WebSource final : public Source {
 public:
  WebSource(std::shared_ptr<WebFile> file, Uri uri, Options options)
      : file_(std::move(file)), uri_(std::move(uri)), options_(std::move(options)) {}

  Result<Schema> open(const ReadRequest& request, std::stop_token stop) override {
    auto first = file_->open(stop);
    if (!first) return std::move(first).error();
    auto held = std::make_shared<std::unique_ptr<ByteSource>>(std::move(*first));
    CsvInput input{.uri = uri_.shown, .reopenable = file_->repeatable()};
    input.open = [file = file_, held, how = read_file_options(options_)](std::stop_token stopped) {
      auto bytes = *held ? Result<std::unique_ptr<ByteSource>>(std::move(*held)) : file->open(stopped);
      return bytes ? unpack(std::move(*bytes), how, stopped) : std::move(bytes);
    };
    std::vector<CsvInput> inputs;
    inputs.push_back(std::move(input));
    auto rows = rows_of(std::move(inputs), uri_, options_);
    if (!rows) return std::move(rows).error();
    rows_ = std::move(*rows);
    auto schema = rows_->open(request, std::move(stop));
    opened_ = rows_.get();
    return schema;
  }
  Result<std::optional<Delivery>> next(std::stop_token stop) override { return rows_->next(std::move(stop)); }
  Position position() const noexcept override {
    const Source* rows = opened_;
    return rows ? rows->position() : Position();
  }
  std::optional<uint64_t> total_bytes() const noexcept override {
    const Source* rows = opened_;
    return rows ? rows->total_bytes() : std::nullopt;
  }
  std::vector<std::pair<std::string, std::string>> settings() const override { return rows_->settings(); }
  std::optional<Layout> layout() const override { return rows_->layout(); }

 private:
  const std::shared_ptr<WebFile> file_;
  const Uri uri_;
  const Options options_;
  std::unique_ptr<Source> rows_{};
  std::atomic<const Source*> opened_{nullptr};  // of rows_, for other threads
};

Result<std::unique_ptr<Source>> make_source(const Uri& uri, const Options& options) {
  auto file = file_of(uri, options);
  if (!file) return std::move(file).error();
  return std::unique_ptr<Source>(std::make_unique<WebSource>(std::move(*file), uri, options));
}

Result<Dialect> sniff_on_web(const Uri& uri, const Options& options, std::stop_token stop) {
  const auto open = [&](std::stop_token stopped) -> Result<std::unique_ptr<ByteSource>> {
    auto file = file_of(uri, options);
    if (!file) return std::move(file).error();
    auto bytes = (*file)->open(stopped);
    return bytes ? unpack(std::move(*bytes), read_file_options(options), stopped) : std::move(bytes);
  };
  return sniff_file(uri, options, open, std::move(stop));
}

}  // namespace

Connector http_connector() {
  return {.name = "http",
          .schemes = {"http", "https"},
          .summary = "CSV, TSV and JSON files on the web, read as they come; packed ones are unpacked",
          .options = all_options(),
          .make_source = make_source,
          .sniff = sniff_on_web};
}

}  // namespace flatbed
