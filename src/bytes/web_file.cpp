// Files on the web. Enters: an address. Leaves: bytes of one version of its file. Invariant: a connection that breaks
// is made anew where the server can go on with the same version; a file is never shorter than the server said.
#include "bytes/web_file.hpp"

#include <curl/curl.h>
#include <strings.h>

#include <algorithm>
#include <charconv>
#include <chrono>

namespace flatbed {
namespace {

constexpr std::chrono::milliseconds kFirstPause{200};

HttpOptions stripped(HttpOptions options) {
  options.user = options.password = "";
  return options;
}

bool is_strong(const std::string& etag) {
  return etag.starts_with('"');
}

std::string plain(const std::string& header) {
  return header.substr(0, header.find_last_not_of(" \t") + 1);
}

WebVersion version_of(const HttpResponse& response) {
  WebVersion version{.etag = plain(response.header("etag")),
                     .modified = plain(response.header("last-modified")),
                     .length = response.total_bytes()};
  const time_t modified = curl_getdate(version.modified.c_str(), nullptr);
  // A file that was written in this very second may be written once more in it.
  version.dated = modified >= 0 && curl_getdate(response.header("date").c_str(), nullptr) > modified;
  return version;
}

// What tells two versions apart, as a person reads it; "" when nothing does. What is not said tells nothing.
std::string difference(const WebVersion& then, const WebVersion& now) {
  const auto differ = [](const std::string& a, const std::string& b) { return !a.empty() && !b.empty() && a != b; };
  if (differ(then.etag, now.etag)) return "from ETag " + then.etag + " to " + now.etag;
  if (differ(then.modified, now.modified)) return "from the date " + then.modified + " to " + now.modified;
  if (!then.length || !now.length || *then.length == *now.length) return "";
  return "from " + std::to_string(*then.length) + " to " + std::to_string(*now.length) + " bytes";
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// The first byte and the whole length that "bytes 5-9/10" tells; the length may be unknown: "bytes 5-9/*".
struct Range {
  uint64_t first = 0;
  std::optional<uint64_t> length{};
};

std::optional<Range> range_of(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  if (!text.starts_with(kUnit)) return std::nullopt;
  text.remove_prefix(kUnit.size());
  Range range;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), range.first);
  const size_t slash = text.find('/');
  if (problem != std::errc{} || slash == std::string_view::npos) return std::nullopt;
  text.remove_prefix(slash + 1);
  uint64_t length = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), length).ec == std::errc{}) range.length = length;
  return range;
}

bool may_pass(const Error& error) {
  return error.code == Code::kConnectionLost || error.code == Code::kTimeout || error.code == Code::kConnect;
}

bool may_pass(int status) {
  return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

}  // namespace

// The bytes of a file, over as many connections as it takes.
class WebBytes final : public ByteSource {
 public:
  WebBytes(std::shared_ptr<const WebFile> file, std::unique_ptr<HttpResponse> response)
      : file_(std::move(file)),
        response_(std::move(response)),
        is_page_(response_->header("content-type").starts_with("text/html")) {}

  Result<Buffer> read(size_t most, std::stop_token stop) override {
    for (;;) {
      auto part = response_ ? response_->read(most, stop) : Result<Buffer>(lost());
      if (!part && !may_pass(part.error())) return std::move(part).error();
      if (!part || (part->empty() && length() && at_ < *length())) {
        if (Status status = go_on(part ? lost() : std::move(part).error(), stop); !status) return status;
        continue;
      }
      if (at_ == 0 && is_page_ && begins_as_page(part->text())) return page();
      if (!part->empty()) tries_ = 0;
      at_ += part->size();
      return part;
    }
  }
  const std::string& uri() const noexcept override { return file_->shown_; }
  std::optional<uint64_t> total_bytes() const noexcept override { return length(); }
  uint64_t consumed_bytes() const noexcept override { return at_; }

 private:
  std::optional<uint64_t> length() const noexcept { return file_->version_->length; }
  static bool begins_as_page(std::string_view text) {
    const size_t first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && text[first] == '<';
  }
  Error page() const {
    Error error = file_->failed(Code::kReadFailed, "the address leads to a web page, not to a file of data",
                                "give the address of the file itself, as a browser shows it for its download");
    error.expected = "text in columns, or JSON";
    return error;
  }
  Error lost() const { return {.code = Code::kConnectionLost, .message = "the connection broke"}; }
  Error given_up(const Error& cause, std::string hint) const {
    Error error =
        file_->failed(cause.code,
                      cause.message + ", after " + std::to_string(at_) +
                          (length() ? " of " + std::to_string(*length()) : std::string()) + " bytes of the file",
                      std::move(hint));
    error.where.byte = at_;
    error.native_code = cause.native_code;
    return error;
  }

  // Makes a new connection that gives what is still to come.
  Status go_on(Error cause, const std::stop_token& stop) {
    response_.reset();
    const WebVersion& version = *file_->version_;
    const std::string& condition = is_strong(version.etag) ? version.etag : version.dated ? version.modified : kNone;
    if (condition.empty()) {
      return given_up(cause,
                      "run it again; the server does not name the file's version (ETag or Last-Modified), so reading "
                      "cannot go on where it stopped");
    }
    std::vector<std::string> headers;
    if (at_ != 0) headers = {"Range: bytes=" + std::to_string(at_) + "-", "If-Range: " + condition};
    while (tries_ < file_->options_.retries) {
      if (!pause(kFirstPause * (1 << std::min(tries_++, 7u)), stop))
        return Error{.code = Code::kCancelled, .message = "the run was cancelled", .where = {.uri = uri()}};
      auto response = file_->request(headers, stop);
      if (!response) {
        cause = std::move(response).error();
        if (!may_pass(cause)) return cause;
        continue;
      }
      if (may_pass((*response)->status())) {
        cause = file_->refusal(**response);
        continue;
      }
      return take_up(std::move(*response), stop);
    }
    return given_up(cause, "run it again when the server can be reached");
  }

  Status take_up(std::unique_ptr<HttpResponse> response, const std::stop_token& stop) {
    const int status = response->status();
    if (status == 416) return file_->same_version({.length = 0});
    if (status != 200 && status != 206) return file_->refusal(*response);
    WebVersion now = version_of(*response);
    uint64_t first = 0;
    if (status == 206) {
      const auto range = range_of(response->header("content-range"));
      if (!range || range->first > at_)
        return file_->failed(Code::kReadFailed, "the server sent another part of the file than was asked for",
                             "download the file, and read it from the disk");
      first = range->first;
      now.length = range->length ? range->length : length();
    }
    if (Status same = file_->same_version(now); !same) return same;
    response_ = std::move(response);
    return skip(at_ - first, stop);
  }

  // A server that knows no ranges sends all of the file again.
  Status skip(uint64_t bytes, const std::stop_token& stop) {
    while (bytes != 0) {
      auto part = response_->read(static_cast<size_t>(std::min<uint64_t>(bytes, size_t{1} << 20)), stop);
      if (!part && !may_pass(part.error())) return std::move(part).error();
      if (!part || part->empty()) {
        response_.reset();  // the next try begins anew
        return {};
      }
      bytes -= part->size();
    }
    return {};
  }

  static inline const std::string kNone{};
  const std::shared_ptr<const WebFile> file_;
  std::unique_ptr<HttpResponse> response_;
  const bool is_page_;
  uint64_t at_ = 0;
  unsigned tries_ = 0;  // since the last byte came
};

WebFile::WebFile(std::string url, std::string shown, WebFileOptions options)
    : url_(std::move(url)),
      shown_(std::move(shown)),
      options_(std::move(options)),
      with_secrets_(options_.http),
      without_secrets_(stripped(options_.http)) {}

bool WebFile::repeatable() const noexcept {
  return is_strong(version_->etag) || version_->dated;
}

Error WebFile::failed(Code code, std::string message, std::string hint) const {
  return {.code = code,
          .message = std::move(message),
          .where = {.uri = shown_},
          .hint = std::move(hint),
          .side = Side::kSource};
}

Status WebFile::may_ask(const WebHost& host) const {
  if (options_.hosts.empty()) return {};
  const std::string shown = in_address(host.name);
  const std::string with_port = shown + ":" + std::to_string(host.port);
  for (const std::string& allowed : options_.hosts) {
    for (const std::string* known : {&host.name, &shown, &with_port}) {
      if (strcasecmp(allowed.c_str(), known->c_str()) == 0) return {};
    }
  }
  return failed(Code::kUsage, "the address leads to " + with_port + ", which is not among the hosts that may be asked",
                "add it to hosts=");
}

// Asks for the file, and for where the server says that it is.
Result<std::unique_ptr<HttpResponse>> WebFile::request(const std::vector<std::string>& headers,
                                                       std::stop_token stop) const {
  const auto home = web_host_of(url_);
  if (!home) return failed(Code::kBadUri, "the address cannot be used: " + shown_, "check it for spaces and the like");
  const bool secret = !options_.token.empty() || !options_.http.password.empty();
  if (secret && home->scheme == "http" && !options_.insecure && !is_loopback(home->name)) {
    return failed(Code::kInsecure, "a password or token would go unencrypted to " + home->name,
                  "use https://, or add insecure=true if the network is trusted");
  }
  std::string url = url_;
  for (unsigned redirects = 0;; ++redirects) {
    const WebHost host = *web_host_of(url);
    if (Status status = may_ask(host); !status) return std::move(status).error();
    const bool at_home = host == *home;
    HttpRequest request{.url = url, .headers = headers};
    if (at_home) request.token = options_.token;
    auto response = (at_home ? with_secrets_ : without_secrets_).send(request, stop);
    if (!response) {
      Error error = std::move(response).error();
      error.where.uri = shown_;
      error.side = Side::kSource;
      return error;
    }
    if (!is_redirect((*response)->status())) return response;
    if (redirects == options_.redirects) {
      return failed(Code::kReadFailed,
                    "the address is redirected more than " + std::to_string(options_.redirects) + " times",
                    "give the address that it leads to, or a larger redirects=");
    }
    url = redirected(url, plain((*response)->header("location")));
    const auto next = web_host_of(url);
    if (!next) {
      return failed(Code::kReadFailed, "the address is redirected to what is no http:// or https:// address",
                    "give the address of the file itself");
    }
    if (home->scheme == "https" && next->scheme == "http" && !options_.insecure) {
      return failed(Code::kInsecure, "the address is redirected from https:// to http://" + next->name,
                    "give the address that it leads to, or add insecure=true if the network is trusted");
    }
  }
}

Error WebFile::refusal(const HttpResponse& response) const {
  const int status = response.status();
  const std::string number = " (status " + std::to_string(status) + ")";
  Error error =
      failed(Code::kReadFailed, "the server does not give the file" + number, "open the address in a browser");
  if (status == 404 || status == 410) {
    error.code = Code::kNotFound;
    error.message = "the server has no such file" + number;
    error.hint = "check the address";
  } else if (status == 401 || status == 403) {
    error.code = Code::kAuth;
    error.message =
        (status == 401 ? "the server asks who you are" : "the server does not let you read the file") + number;
    error.hint = "give user= and password=, or token=; an address that was signed may have expired";
  } else if (may_pass(status)) {
    error.code = status == 408 || status == 429 ? Code::kTimeout : Code::kReadFailed;
    error.message = (status == 429 ? "the server has had too many requests" : "the server failed") + number;
    error.hint = "try again later";
  }
  error.native_code = status;
  return error;
}

// Whether a whole answer can be read so that nobody takes a part of it for all.
Status WebFile::check_readable(const HttpResponse& response) const {
  const std::string packing = plain(response.header("content-encoding"));
  constexpr std::string_view kRead[] = {"", "identity", "gzip", "x-gzip", "zstd"};
  if (std::ranges::find(kRead, packing) == std::end(kRead)) {
    return failed(Code::kBadCompression, "the server packs the file as " + packing + ", which is not read",
                  "download the file, and read it from the disk");
  }
  if (response.total_bytes() || options_.unknown_length) return {};
  if (response.header("transfer-encoding").find("chunked") != std::string::npos) return {};
  return failed(Code::kReadFailed, "the server does not say how long the file is, so a break would pass as its end",
                "download the file, and read it from the disk; or accept that with unknown_length=true");
}

Status WebFile::same_version(const WebVersion& now) const {
  const std::string changed = difference(*version_, now);
  if (changed.empty()) return {};
  return failed(Code::kSourceChanged, "the file changed on the server while it was read: " + changed,
                "read it again when its writer has finished");
}

Result<std::unique_ptr<HttpResponse>> WebFile::whole(std::stop_token stop) const {
  auto response = request({}, stop);
  if (!response) return response;
  if ((*response)->status() != 200) return refusal(**response);
  if (Status status = check_readable(**response); !status) return std::move(status).error();
  return response;
}

Result<std::unique_ptr<ByteSource>> WebFile::open(std::stop_token stop) {
  auto response = whole(stop);
  if (!response) return std::move(response).error();
  WebVersion now = version_of(**response);
  if (!version_ && !is_strong(now.etag) && !now.modified.empty() && !now.dated) {
    // Written in this second, as it seems: when that is over, the date names one version alone.
    if (!pause(std::chrono::milliseconds(1100), stop)) return Error{.code = Code::kCancelled, .message = "cancelled"};
    response = whole(stop);
    if (!response) return std::move(response).error();
    now = version_of(**response);
  }
  if (!version_) version_ = now;
  if (Status status = same_version(now); !status) return std::move(status).error();
  return std::unique_ptr<ByteSource>(std::make_unique<WebBytes>(shared_from_this(), std::move(*response)));
}

}  // namespace flatbed
