// ClickHouse's HTTP interface. Enters: SQL, and blocks to insert. Leaves: the bytes of an answer, or the server's
// error. Invariant: no statement is sent twice from here but one that was refused for its token, and so was not run;
// whether anything else may be sent again is for the caller to know.
#include "bytes/clickhouse_server.hpp"

#include <charconv>

namespace flatbed {
namespace {

constexpr size_t kMostErrorText = size_t{64} << 10;

// An answer, and the statement that has to live as long as its transfer.
class Answer final : public ByteSource {
 public:
  Answer(std::unique_ptr<std::string> sql, std::unique_ptr<HttpResponse> response, const ClickHouseServer& server)
      : sql_(std::move(sql)), server_(server), response_(std::move(response)) {}
  Result<Buffer> read(size_t most, std::stop_token stop) override {
    auto part = response_->read(most, stop);
    if (part) return part;
    Error error = std::move(part).error();
    error.where.uri = server_.shown();
    return error;
  }
  const std::string& uri() const noexcept override { return server_.shown(); }
  uint64_t consumed_bytes() const noexcept override { return response_->consumed_bytes(); }

 private:
  std::unique_ptr<std::string> sql_;
  ClickHouseServer server_;  // keeps an embedded engine running
  std::unique_ptr<HttpResponse> response_;
};

Code code_of(int64_t number) {
  switch (number) {
    case 192:  // UNKNOWN_USER
    case 193:  // WRONG_PASSWORD
    case 194:  // REQUIRED_PASSWORD
    case 516:  // AUTHENTICATION_FAILED
      return Code::kAuth;
    case 60:  // UNKNOWN_TABLE
    case 81:  // UNKNOWN_DATABASE
      return Code::kNoTable;
    case 16:  // NO_SUCH_COLUMN_IN_TABLE
    case 47:  // UNKNOWN_IDENTIFIER
      return Code::kNoColumn;
    default:
      return Code::kServer;
  }
}

std::string hint_of(int64_t number) {
  switch (number) {
    case 115:  // UNKNOWN_SETTING
      return "the server is too old for exact loads: use ClickHouse 22.3 or newer";
    case 164:  // READONLY
    case 497:  // ACCESS_DENIED
      return "grant the right to this user, or connect as another one";
    case 192:
    case 193:
    case 194:
    case 516:
      return "check user and password; a password may come from the environment variable FLATBED_CLICKHOUSE_PASSWORD";
    case 241:  // MEMORY_LIMIT_EXCEEDED
      return "smaller blocks need less memory: block_rows=100000";
    case 252:  // TOO_MANY_PARTS
      return "larger blocks make fewer parts; or wait until the server has merged what it has";
    default:
      return "";
  }
}

// The first line, without the version and the frames around it; the name of the error stays: users search for it.
std::string trimmed(std::string_view text) {
  if (const size_t begin = text.find("DB::Exception: "); begin != std::string_view::npos) {
    text.remove_prefix(begin + std::string_view("DB::Exception: ").size());
  }
  for (const std::string_view end : {"\n", " (version ", ", e.what()", ", Stack trace"}) {
    text = text.substr(0, text.find(end));
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r' || text.back() == '.')) text.remove_suffix(1);
  std::string line(text);
  if (const size_t stop = line.rfind(". ("); stop != std::string::npos && line.ends_with(')')) line.erase(stop, 1);
  return line;
}

}  // namespace

Error server_error(std::string_view text, int status, std::string shown) {
  Error error{.code = Code::kServer, .where = {.uri = std::move(shown)}};
  const std::string message = trimmed(text);
  if (const size_t code = text.find("Code: "); code != std::string_view::npos) {
    std::from_chars(text.data() + code + 6, text.data() + text.size(), error.native_code);
    error.code = code_of(error.native_code);
    error.message = "the server says: " + message;
    error.hint = hint_of(error.native_code);
    return error;
  }
  error.native_code = status;
  error.message = "status " + std::to_string(status) + (message.empty() ? "" : ": " + message);
  if (status == 401 || status == 403) {
    error.code = Code::kAuth;
    error.hint = "check user and password, or the token";
  } else if (status == 407) {
    error.code = Code::kAuth;
    error.hint = "give the proxy's user and password: proxy=http://user:password@host:port";
  } else if (status == 502 || status == 503 || status == 504) {
    error.code = Code::kConnectionLost;
    error.hint = "a gateway in front of the server answered: see its log";
  } else {
    error.hint = "check that this is the HTTP port of ClickHouse (8123, or 8443 with TLS)";
  }
  return error;
}

ClickHouseServer::ClickHouseServer(HttpOptions http, std::string url, std::string shown, ServerOptions options)
    : options_(std::move(options)), client_(std::move(http)), url_(std::move(url)), shown_(std::move(shown)) {}

HttpRequest ClickHouseServer::request(ServerSettings parameters, std::string_view body) const {
  if (!options_.encoding.empty()) parameters.emplace_back("enable_http_compression", "1");
  parameters.insert(parameters.end(), options_.settings.begin(), options_.settings.end());
  return {.method = "POST",
          .url = url_,
          .parameters = std::move(parameters),
          .body = body,
          .answer_encoding = options_.encoding};
}

// Sends a request with a token that is good, and once more with a new one when the server refuses it.
Result<std::unique_ptr<HttpResponse>> ClickHouseServer::send(HttpRequest request, std::stop_token stop) const {
  if (!options_.bearer) return send_once(request, stop);
  for (bool renewed = false;; renewed = true) {
    auto token = options_.bearer->current();
    if (!token) {
      Error error = std::move(token).error();
      if (error.where.uri.empty()) error.where.uri = shown_;
      return error;
    }
    request.token = std::move(*token);
    auto response = send_once(request, stop);
    if (response || response.error().code != Code::kAuth || renewed) return response;
    if (!options_.bearer->refused(request.token)) return response;
  }
}

Result<std::unique_ptr<HttpResponse>> ClickHouseServer::send_once(const HttpRequest& request,
                                                                  std::stop_token stop) const {
  auto response = client_.send(request, stop);
  if (!response) {
    Error error = std::move(response).error();
    error.where.uri = shown_;
    return error;
  }
  const int status = (*response)->status();
  if (status == 200 && (*response)->header("x-clickhouse-exception-code").empty()) return response;
  auto text = read_text(**response, kMostErrorText, stop);
  if (!text && text.error().code == Code::kCancelled) return std::move(text).error();
  return server_error(text ? *text : std::string(), status, shown_);
}

Result<std::unique_ptr<ByteSource>> ClickHouseServer::query(std::string sql, std::stop_token stop,
                                                            const ServerSettings& settings) const {
  if (options_.carrier) {
    ServerSettings all = settings;
    all.insert(all.end(), options_.settings.begin(), options_.settings.end());
    return options_.carrier->query(sql, all, stop);
  }
  auto kept = std::make_unique<std::string>(std::move(sql));
  ServerSettings parameters{{"default_format", "Native"}};
  parameters.insert(parameters.end(), settings.begin(), settings.end());
  auto response = send(request(std::move(parameters), *kept), stop);
  if (!response) return std::move(response).error();
  if (const std::string& format = (*response)->header("x-clickhouse-format"); !format.empty() && format != "Native") {
    return Error{.code = Code::kUsage,
                 .message = "the query asks for FORMAT " + format,
                 .where = {.uri = shown_},
                 .hint = "leave FORMAT out of the query: rows are read as Native"};
  }
  return std::unique_ptr<ByteSource>(std::make_unique<Answer>(std::move(kept), std::move(*response), *this));
}

Status ClickHouseServer::execute(std::string sql, std::stop_token stop, const ServerSettings& settings) const {
  auto answer = query(std::move(sql), stop, settings);
  if (!answer) return std::move(answer).error();
  auto text = read_text(**answer, kMostErrorText, stop);
  return text ? Status() : Status(std::move(text).error());
}

Status ClickHouseServer::insert(std::string_view sql, std::string_view data, const ServerSettings& settings,
                                std::stop_token stop) const {
  if (options_.carrier) {
    ServerSettings all = settings;
    all.insert(all.end(), options_.settings.begin(), options_.settings.end());
    return options_.carrier->insert(sql, data, all, stop);
  }
  ServerSettings parameters{{"query", std::string(sql)}};
  parameters.insert(parameters.end(), settings.begin(), settings.end());
  HttpRequest insertion = request(std::move(parameters), data);
  insertion.body_encoding = options_.encoding;
  insertion.ask_first = options_.bearer != nullptr;
  return confirm(send(std::move(insertion), stop), stop);
}

Status ClickHouseServer::insert(std::string_view sql, ByteSource& data, const ServerSettings& settings,
                                std::stop_token stop) const {
  ServerSettings parameters{{"query", std::string(sql)}};
  parameters.insert(parameters.end(), settings.begin(), settings.end());
  HttpRequest insertion = request(std::move(parameters), {});
  insertion.stream = &data;
  return confirm(send_once(insertion, stop), stop);
}

Status ClickHouseServer::confirm(Result<std::unique_ptr<HttpResponse>> response, std::stop_token stop) const {
  if (!response) return std::move(response).error();
  auto text = read_text(**response, kMostErrorText, stop);
  if (!text) {
    Error error = std::move(text).error();
    error.where.uri = shown_;
    return error;
  }
  // An exception after the headers were sent stands in the body of a 200.
  return text->find("DB::Exception") == std::string::npos ? Status() : Status(server_error(*text, 200, shown_));
}

}  // namespace flatbed
