// HTTP over libcurl. Enters: a request. Leaves: a response whose bytes are pulled.
// Invariant: curl works only inside send() and read(), so no thread is needed and a slow reader slows the sender.
#include "bytes/http.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "bytes/codec.hpp"

namespace flatbed {
namespace {

constexpr size_t kHeldBytes = size_t{1} << 20;  // of a response, before curl is told to wait
constexpr long kReceiveBytes = 256 << 10;
constexpr long kUploadBytes = 512 << 10;
using Clock = std::chrono::steady_clock;

// Keeps SIGPIPE from this thread while curl or its TLS library writes to a connection that the peer may have closed.
class NoSigpipe {
 public:
  NoSigpipe() noexcept {
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    const timespec now{};
    if (!was_pending_) sigtimedwait(&pipe_, nullptr, &now);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t pipe_, before_;
  bool was_pending_ = false;
};

struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

// An easy handle and the multi handle that drives it and keeps its connection open.
struct Handles {
  CURL* easy = nullptr;
  CURLM* multi = nullptr;
  Handles() noexcept : easy(curl_easy_init()), multi(curl_multi_init()) {}
  ~Handles() {
    const NoSigpipe guard;
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
};

void append_encoded(std::string_view text, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '~';
    if (plain)
      out += c;
    else
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
}

std::string full_url(const HttpRequest& request) {
  std::string url = request.url;
  char before = url.find('?') == std::string::npos ? '?' : '&';
  for (const auto& [name, value] : request.parameters) {
    url += before;
    append_encoded(name, url);
    url += '=';
    append_encoded(value, url);
    before = '&';
  }
  return url;
}

// The part of an address that names the server, which is safe to show.
struct Server {
  std::string shown{};  // "http://host:port"
  std::string host{};
  std::string host_port{};
};

Server server_of(const std::string& url) {
  const size_t begin = url.find("://") + 3;
  const size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  std::string authority = url.substr(begin, end - begin);
  authority.erase(0, authority.rfind('@') + 1);  // npos + 1 is 0
  Server server{.shown = url.substr(0, begin) + authority, .host = authority, .host_port = authority};
  if (authority.starts_with('[')) {
    server.host = authority.substr(1, authority.find(']') - 1);
  } else if (const size_t colon = authority.rfind(':'); colon != std::string::npos) {
    server.host.resize(colon);
  }
  return server;
}

std::string connect_cause(CURLcode code, long os_error) {
  if (code == CURLE_COULDNT_RESOLVE_HOST) return "the name is not known";
  if (code == CURLE_COULDNT_RESOLVE_PROXY) return "the name of the proxy is not known";
  if (os_error == ECONNREFUSED) return "connection refused";
  if (os_error == ENETUNREACH || os_error == EHOSTUNREACH) return "no route to it";
  return os_error == 0 ? "no answer" : "system error " + std::to_string(os_error);
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// What is said of a TLS library's own words: the cause in ours, and the setting that mends it.
struct TlsCause {
  std::string_view sign, cause, hint;
};

constexpr TlsCause kTlsCauses[] = {
    {"wrong version number", "the port does not speak TLS",
     "give the server's TLS port (8443), or insecure=true if the network is trusted"},
    {"packet length too long", "the port does not speak TLS",
     "give the server's TLS port (8443), or insecure=true if the network is trusted"},
    {"certificate required", "the server asks for a client's certificate",
     "give it with cert_file=FILE and key_file=FILE"},
    {"alert handshake failure", "the server refused the connection",
     "if it asks for a client's certificate, give it with cert_file=FILE and key_file=FILE"},
    {"alert unknown ca", "the server does not trust the client's certificate",
     "give one that the server's authority has signed with cert_file=FILE and key_file=FILE"},
    {"alert bad certificate", "the server does not accept the client's certificate",
     "give one that the server's authority has signed with cert_file=FILE and key_file=FILE"},
    {"alert certificate expired", "the client's certificate has expired", "renew the certificate of cert_file=FILE"},
    {"certificate has expired", "the server's certificate has expired",
     "renew it on the server; verify=false accepts it as it is"},
    {"not yet valid", "the server's certificate is not valid yet", "check the clocks of both machines"},
    {"subject name", "the server's certificate is for another name",
     "connect by a name that the certificate holds; verify=false accepts any"},
    {"self-signed certificate", "the server's certificate is signed by an authority that is not trusted",
     "name that authority with ca_file=FILE"},
    {"unable to get local issuer", "the server's certificate is signed by an authority that is not trusted",
     "name that authority with ca_file=FILE"},
    {"error setting certificate", "the file of ca_file cannot be read as PEM certificates", "check ca_file=FILE"},
    {"unable to set private key file", "the client's key cannot be read",
     "check key_file=FILE, and key_password if the key is encrypted"},
    {"key values mismatch", "the client's key does not belong to its certificate",
     "check cert_file=FILE and key_file=FILE"},
    {"could not load PEM client certificate", "the client's certificate cannot be read", "check cert_file=FILE"},
};

Error tls_failure(const std::string& host_port, const std::string& words) {
  Error error{.code = Code::kTls,
              .message = "no secure connection to " + host_port + ": " + words,
              .hint = "see the server's log for the reason"};
  for (const TlsCause& known : kTlsCauses) {
    if (!contains(words, known.sign)) continue;
    error.message = "no secure connection to " + host_port + ": " + std::string(known.cause) + " (" + words + ")";
    error.hint = known.hint;
    break;
  }
  return error;
}

bool is_tls_failure(CURLcode code, std::string_view words) {
  switch (code) {
    case CURLE_SEND_ERROR:  // TLS 1.3 tells of a refused certificate only after the connection is made
    case CURLE_RECV_ERROR:
      return contains(words, "alert");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return true;
    default:
      return false;
  }
}

bool is_connect_failure(CURLcode code) {
  return code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY;
}

}  // namespace

// Idle handles, each with its open connection.
class HttpClient::Pool {
 public:
  std::unique_ptr<Handles> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<Handles>();
    auto handles = std::move(idle_.back());
    idle_.pop_back();
    return handles;
  }
  void give_back(std::unique_ptr<Handles> handles) {
    curl_easy_reset(handles->easy);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(handles));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Handles>> idle_;
};

namespace {

class Transfer final : public HttpResponse {
 public:
  Transfer(std::shared_ptr<const HttpOptions> options, std::shared_ptr<HttpClient::Pool> pool,
           const HttpRequest& request)
      : options_(std::move(options)),
        pool_(std::move(pool)),
        handles_(pool_->take()),
        server_(server_of(request.url)),
        uri_(request.url.substr(0, request.url.find('?'))),
        body_(request.body),
        packed_(request.body_encoding.empty() ? nullptr : packed_bytes(request.body, request.body_encoding)),
        stream_(packed_ ? packed_.get() : request.stream) {
    configure(request);
    curl_multi_add_handle(handles_->multi, handles_->easy);
  }
  ~Transfer() override {
    const NoSigpipe guard;
    curl_multi_remove_handle(handles_->multi, handles_->easy);
    pool_->give_back(std::move(handles_));
  }

  Status wait_for_headers(std::stop_token stop) {
    return drive([this] { return headers_whole_; }, stop);
  }

  Result<Buffer> read(size_t most, std::stop_token stop) override {
    if (taken_ == filled_) {
      block_ = {};
      filled_ = taken_ = 0;
      if (!done_) curl_easy_pause(handles_->easy, CURLPAUSE_CONT);
      auto status = drive([this] { return filled_ != 0; }, stop);
      if (!status) return std::move(status).error();
    }
    const size_t bytes = std::min(most, filled_ - taken_);
    Buffer part = block_.slice(taken_, bytes);
    taken_ += bytes;
    consumed_ += bytes;
    return part;
  }

  const std::string& uri() const noexcept override { return uri_; }
  std::optional<uint64_t> total_bytes() const noexcept override { return total_; }
  uint64_t consumed_bytes() const noexcept override { return consumed_; }
  int status() const noexcept override { return status_; }
  const std::string& header(const std::string& name) const override {
    static const std::string kNone;
    const auto found = headers_.find(name);
    return found == headers_.end() ? kNone : found->second;
  }

 private:
  void configure(const HttpRequest& request);
  void configure_tls();
  void configure_body(const HttpRequest& request);
  template <class Until>
  Status drive(Until until, std::stop_token stop);
  void collect_result();
  uint64_t moved_bytes() const;
  Error failure() const;
  Error idle_failure() const;
  Error cancelled() const {
    return {.code = Code::kCancelled, .message = "cancelled", .where = {.uri = server_.shown}};
  }

  static size_t on_header(char* data, size_t size, size_t count, void* self);
  static size_t on_body(char* data, size_t size, size_t count, void* self);
  static size_t on_upload(char* to, size_t size, size_t count, void* self);
  void take_header(std::string_view line);

  std::shared_ptr<const HttpOptions> options_;
  std::shared_ptr<HttpClient::Pool> pool_;
  std::unique_ptr<Handles> handles_;
  Server server_;
  std::string uri_;
  std::unique_ptr<curl_slist, FreeList> sent_headers_{};
  char cause_[CURL_ERROR_SIZE] = {};

  std::string_view body_;  // what is left to send
  bool sending_ = false;   // the server may have some of the body, or all
  std::unique_ptr<ByteSource> packed_;
  ByteSource* stream_;
  std::optional<Error> stream_error_{};
  std::stop_token stop_{};

  int status_ = 0;
  bool headers_whole_ = false;
  std::map<std::string, std::string> headers_{};
  std::optional<uint64_t> total_{};

  Buffer block_{};
  size_t filled_ = 0, taken_ = 0;
  uint64_t consumed_ = 0;
  bool done_ = false;
  CURLcode result_ = CURLE_OK;
};

void Transfer::configure(const HttpRequest& request) {
  CURL* easy = handles_->easy;
  curl_easy_setopt(easy, CURLOPT_URL, full_url(request).c_str());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kReceiveBytes);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, cause_);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  // A server that is not reached within the limit is named by curl as a timeout; 0 would mean curl's own 300 s.
  const long connect_seconds = options_->connect_seconds == 0 ? 1L << 20 : static_cast<long>(options_->connect_seconds);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, connect_seconds);
  if (!options_->proxy.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXY, options_->proxy.c_str());
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  } else if (is_loopback(server_.host)) {
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  }
  if (!request.token.empty()) {
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
    curl_easy_setopt(easy, CURLOPT_XOAUTH2_BEARER, request.token.c_str());
  } else if (!options_->user.empty() || !options_->password.empty()) {
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
    curl_easy_setopt(easy, CURLOPT_USERNAME, options_->user.c_str());
    curl_easy_setopt(easy, CURLOPT_PASSWORD, options_->password.c_str());
  }
  configure_tls();
  configure_body(request);
}

void Transfer::configure_tls() {
  CURL* easy = handles_->easy;
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, options_->verify ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, options_->verify ? 2L : 0L);
  if (!options_->ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options_->ca_file.c_str());
  if (!options_->cert_file.empty()) curl_easy_setopt(easy, CURLOPT_SSLCERT, options_->cert_file.c_str());
  if (!options_->key_file.empty()) curl_easy_setopt(easy, CURLOPT_SSLKEY, options_->key_file.c_str());
  // Always given: without one, OpenSSL would ask for the password of an encrypted key on the terminal.
  curl_easy_setopt(easy, CURLOPT_KEYPASSWD, options_->key_password.c_str());
}

void Transfer::configure_body(const HttpRequest& request) {
  CURL* easy = handles_->easy;
  const auto add_header = [this](const char* line) {
    curl_slist* longer = curl_slist_append(sent_headers_.get(), line);
    if (longer == nullptr) return;
    (void)sent_headers_.release();
    sent_headers_.reset(longer);
  };
  for (const std::string& line : request.headers) add_header(line.c_str());
  if (request.method == "POST") {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    // There is no way to rewind: curl would otherwise send a body again by itself when a kept connection breaks.
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Transfer::on_upload);
    curl_easy_setopt(easy, CURLOPT_READDATA, this);
    curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBytes);
    add_header(request.ask_first ? "Expect: 100-continue" : "Expect:");
    if (packed_) add_header(("Content-Encoding: " + request.body_encoding).c_str());
    add_header("Content-Type: application/octet-stream");
    if (stream_ == nullptr)
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body_.size()));
    else
      add_header("Transfer-Encoding: chunked");
  } else {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  if (!request.answer_encoding.empty()) add_header(("Accept-Encoding: " + request.answer_encoding).c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, sent_headers_.get());
}

// Lets curl work until the condition holds or the transfer is over.
template <class Until>
Status Transfer::drive(Until until, std::stop_token stop) {
  const NoSigpipe guard;
  stop_ = stop;
  const std::stop_callback wake(stop, [multi = handles_->multi] { curl_multi_wakeup(multi); });
  uint64_t moved = moved_bytes();
  Clock::time_point last = Clock::now();
  while (!until()) {
    if (stop.stop_requested()) return cancelled();
    if (done_) return result_ == CURLE_OK ? Status() : Status(failure());
    int running = 0;
    curl_multi_perform(handles_->multi, &running);
    collect_result();
    if (done_ || until()) continue;
    if (const uint64_t now_moved = moved_bytes(); now_moved != moved) {
      moved = now_moved;
      last = Clock::now();
    } else if (options_->idle_seconds != 0 && Clock::now() - last > std::chrono::seconds(options_->idle_seconds)) {
      return idle_failure();
    }
    curl_multi_poll(handles_->multi, nullptr, 0, 200, nullptr);
  }
  return {};
}

void Transfer::collect_result() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(handles_->multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    done_ = true;
    result_ = message->data.result;
  }
}

uint64_t Transfer::moved_bytes() const {
  curl_off_t up = 0, down = 0;
  curl_easy_getinfo(handles_->easy, CURLINFO_SIZE_UPLOAD_T, &up);
  curl_easy_getinfo(handles_->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
  return static_cast<uint64_t>(up) + static_cast<uint64_t>(down);
}

Error Transfer::idle_failure() const {
  return {.code = Code::kTimeout,
          .message = "no byte came from " + server_.host_port + " or went to it for " +
                     std::to_string(options_->idle_seconds) + " s",
          .where = {.uri = server_.shown},
          .hint = "wait longer with timeout=SECONDS"};
}

Error Transfer::failure() const {
  if (stream_error_) return *stream_error_;
  long os_error = 0;
  curl_easy_getinfo(handles_->easy, CURLINFO_OS_ERRNO, &os_error);
  const std::string cause = cause_[0] != 0 ? cause_ : curl_easy_strerror(result_);
  Error error{.where = {.uri = server_.shown}, .native_code = static_cast<int64_t>(result_)};
  // When a kept connection breaks before an answer, curl connects anew on its own, and tells only of that.
  if (sending_ && is_connect_failure(result_)) {
    error.code = Code::kConnectionLost;
    error.message = "the connection to " + server_.host_port +
                    " broke, and there is no new one: " + connect_cause(result_, os_error);
    error.hint = "run it again; the server's log tells why, or a proxy between has closed it";
  } else if (is_connect_failure(result_)) {
    error.code = Code::kConnect;
    error.message = "no connection to " + server_.host_port + ": " + connect_cause(result_, os_error);
    error.hint = "check host and port, and that the server runs";
  } else if (is_tls_failure(result_, cause)) {
    Error tls = tls_failure(server_.host_port, cause);
    tls.where = std::move(error.where);
    tls.native_code = error.native_code;
    return tls;
  } else if (long answer = 0;
             curl_easy_getinfo(handles_->easy, CURLINFO_HTTP_CONNECTCODE, &answer) == CURLE_OK && answer >= 300) {
    error.code = Code::kConnect;
    error.message = "the proxy refused to connect to " + server_.host_port + ": status " + std::to_string(answer);
    error.hint = answer == 407 ? "give the proxy's user and password: proxy=http://user:password@host:port"
                               : "check proxy=http://host:port and what it allows";
  } else if (result_ == CURLE_OPERATION_TIMEDOUT) {
    error.code = Code::kTimeout;
    error.message =
        "no connection to " + server_.host_port + " within " + std::to_string(options_->connect_seconds) + " s";
    error.hint = "check host and port, or wait longer with connect_timeout=SECONDS";
  } else if (result_ == CURLE_URL_MALFORMAT || result_ == CURLE_UNSUPPORTED_PROTOCOL) {
    error.code = Code::kBadUri;
    error.message = "the address cannot be used: " + server_.shown;
  } else {
    error.code = Code::kConnectionLost;
    error.message = "the connection to " + server_.host_port + " broke";
    error.hint = "run it again; the server's log tells why, or a proxy between has closed it";
  }
  return error;
}

size_t Transfer::on_header(char* data, size_t size, size_t count, void* self) {
  static_cast<Transfer*>(self)->take_header({data, size * count});
  return size * count;
}

void Transfer::take_header(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) {  // the first line; of a later response, when an interim one came before
    headers_.clear();
    const size_t space = line.find(' ');
    status_ = 0;
    for (size_t i = space + 1; space != std::string_view::npos && i < line.size() && i < space + 4; ++i) {
      status_ = status_ * 10 + (line[i] - '0');
    }
    return;
  }
  if (line.empty()) {
    headers_whole_ = status_ >= 200;
    curl_off_t length = -1;
    curl_easy_getinfo(handles_->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    if (headers_whole_ && length >= 0) total_ = static_cast<uint64_t>(length);
    return;
  }
  const size_t colon = std::min(line.find(':'), line.size());
  std::string name(line.substr(0, colon));
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  headers_[std::move(name)] = std::string(value);
}

size_t Transfer::on_body(char* data, size_t size, size_t count, void* self_pointer) {
  auto& self = *static_cast<Transfer*>(self_pointer);
  const size_t bytes = size * count;
  // What was handed out is shared with the reader, so a block is only ever filled further, never again.
  if (self.block_.empty()) self.block_ = Buffer::allocate(std::max(kHeldBytes, bytes));
  if (bytes > self.block_.size() - self.filled_) return CURL_WRITEFUNC_PAUSE;
  std::memcpy(self.block_.writable() + self.filled_, data, bytes);
  self.filled_ += bytes;
  return bytes;
}

size_t Transfer::on_upload(char* to, size_t size, size_t count, void* self_pointer) {
  auto& self = *static_cast<Transfer*>(self_pointer);
  self.sending_ = true;
  const size_t most = size * count;
  if (self.stream_ == nullptr) {
    const size_t bytes = std::min(most, self.body_.size());
    std::memcpy(to, self.body_.data(), bytes);
    self.body_.remove_prefix(bytes);
    return bytes;
  }
  auto part = self.stream_->read(most, self.stop_);
  if (!part) {
    self.stream_error_ = std::move(part).error();
    return CURL_READFUNC_ABORT;
  }
  std::memcpy(to, part->data(), part->size());
  return part->size();
}

// A response whose body came packed.
class UnpackedResponse final : public HttpResponse {
 public:
  UnpackedResponse(std::unique_ptr<HttpResponse> packed, std::string_view encoding)
      : packed_(std::move(packed)), body_(unpacked_bytes(*packed_, encoding)) {}
  Result<Buffer> read(size_t most, std::stop_token stop) override { return body_->read(most, stop); }
  const std::string& uri() const noexcept override { return packed_->uri(); }
  std::optional<uint64_t> total_bytes() const noexcept override { return packed_->total_bytes(); }
  uint64_t consumed_bytes() const noexcept override { return packed_->consumed_bytes(); }
  int status() const noexcept override { return packed_->status(); }
  const std::string& header(const std::string& name) const override { return packed_->header(name); }

 private:
  std::unique_ptr<HttpResponse> packed_;
  std::unique_ptr<ByteSource> body_;
};

bool curl_is_ready() {
  static const bool kReady = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return kReady;
}

}  // namespace

HttpClient::HttpClient(HttpOptions options)
    : options_(std::make_shared<const HttpOptions>(std::move(options))), pool_(std::make_shared<Pool>()) {}

Result<std::unique_ptr<HttpResponse>> HttpClient::send(const HttpRequest& request, std::stop_token stop) const {
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://")) {
    return Error{.code = Code::kBadUri, .message = "the address is not http:// or https://"};
  }
  if (!curl_is_ready()) return Error{.code = Code::kOutOfMemory, .message = "libcurl could not be set up"};
  auto transfer = std::make_unique<Transfer>(options_, pool_, request);
  if (auto status = transfer->wait_for_headers(stop); !status) return std::move(status).error();
  std::unique_ptr<HttpResponse> response = std::move(transfer);
  const std::string encoding = response->header("content-encoding");
  if (request.answer_encoding.empty() || !is_wire_encoding(encoding)) return response;
  return std::unique_ptr<HttpResponse>(std::make_unique<UnpackedResponse>(std::move(response), encoding));
}

Result<std::string> read_text(ByteSource& bytes, size_t limit, std::stop_token stop) {
  std::string text;
  while (text.size() < limit) {
    auto part = bytes.read(limit - text.size(), stop);
    if (!part) return std::move(part).error();
    if (part->empty()) break;
    text += part->text();
  }
  return text;
}

bool is_loopback(std::string_view host) noexcept {
  if (host == "localhost" || host == "::1") return true;
  return host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::string in_address(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

bool pause(std::chrono::duration<double> time, std::stop_token stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any().wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

namespace {

using Address = std::unique_ptr<CURLU, void (*)(CURLU*)>;

std::string part_of(CURLU* address, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(address, part, &text, flags) != CURLUE_OK) return "";
  std::string copied = text;
  curl_free(text);
  return copied;
}

Address address_of(const std::string& url) {
  Address address(curl_url(), curl_url_cleanup);
  if (!address || curl_url_set(address.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) address.reset();
  return address;
}

}  // namespace

std::optional<WebHost> web_host_of(const std::string& url) {
  const Address address = address_of(url);
  if (!address) return std::nullopt;
  WebHost asked{.scheme = part_of(address.get(), CURLUPART_SCHEME), .name = part_of(address.get(), CURLUPART_HOST)};
  if (asked.scheme != "http" && asked.scheme != "https") return std::nullopt;
  for (char& c : asked.name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (asked.name.starts_with('[')) asked.name = asked.name.substr(1, asked.name.size() - 2);
  asked.port = static_cast<uint16_t>(std::atoi(part_of(address.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT).c_str()));
  return asked;
}

std::string redirected(const std::string& url, const std::string& location) {
  const Address address = address_of(url);
  if (!address || curl_url_set(address.get(), CURLUPART_URL, location.c_str(), 0) != CURLUE_OK) return "";
  curl_url_set(address.get(), CURLUPART_USER, nullptr, 0);
  curl_url_set(address.get(), CURLUPART_PASSWORD, nullptr, 0);
  curl_url_set(address.get(), CURLUPART_FRAGMENT, nullptr, 0);
  return part_of(address.get(), CURLUPART_URL);
}

}  // namespace flatbed
