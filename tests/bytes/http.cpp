// HTTP against a server of the test's own that answers byte for byte what a case asks for, and breaks where it asks
// for.
#include "bytes/http.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <thread>

namespace {

using namespace flatbed;
using Clock = std::chrono::steady_clock;

// One connection as the server has it.
class Peer {
 public:
  explicit Peer(int socket) : socket_(socket) {}
  // Reads a request with its body; "" when the client has closed.
  std::string request() {
    std::string text;
    size_t whole = std::string::npos;
    while (text.size() < whole) {
      char part[65536];
      const ssize_t bytes = ::recv(socket_, part, sizeof part, 0);
      if (bytes <= 0) return "";
      text.append(part, static_cast<size_t>(bytes));
      const size_t end = text.find("\r\n\r\n");
      if (end == std::string::npos) continue;
      whole = end + 4;
      if (const size_t length = text.find("Content-Length: "); length < end)
        whole += std::stoul(text.substr(length + 16));
      if (text.find("Transfer-Encoding: chunked") < end)
        whole = text.ends_with("0\r\n\r\n") ? text.size() : std::string::npos;
    }
    return text;
  }
  void receive_some() {
    char part[1000];
    (void)::recv(socket_, part, sizeof part, 0);
  }
  void send(const std::string& text) { (void)::send(socket_, text.data(), text.size(), MSG_NOSIGNAL); }
  void wait(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

 private:
  int socket_;
};

// Serves connections one after the other, each by `serve`, until it goes.
class Server {
 public:
  explicit Server(std::function<void(Peer&, int connection)> serve) : serve_(std::move(serve)) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(socket_, 8) == 0);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] {
      for (int connection = 0;; ++connection) {
        const int accepted = ::accept(socket_, nullptr, nullptr);
        if (accepted < 0) return;
        Peer peer(accepted);
        serve_(peer, connection);
        ::close(accepted);
      }
    });
  }
  ~Server() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  std::string host_port() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string url(const std::string& path = "/") const { return "http://" + host_port() + path; }

 private:
  std::function<void(Peer&, int)> serve_;
  int socket_ = -1;
  int port_ = 0;
  std::jthread thread_;
};

std::string answer(const std::string& body, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nX-Kind:  plain \r\n\r\n" +
         body;
}

Result<std::string> get(const HttpClient& client, const std::string& url) {
  auto response = client.send({.url = url}, {});
  if (!response) return std::move(response).error();
  return read_text(**response, 1 << 30, {});
}

class Letters final : public ByteSource {
 public:
  explicit Letters(size_t count) : left_(count) {}
  Result<Buffer> read(size_t most, std::stop_token) override {
    Buffer part = Buffer::allocate(std::min({most, left_, size_t{7001}}));
    for (size_t i = 0; i < part.size(); ++i) part.writable()[i] = std::byte('a' + (left_ - i) % 26);
    left_ -= part.size();
    return part;
  }
  const std::string& uri() const noexcept override { return uri_; }
  uint64_t consumed_bytes() const noexcept override { return 0; }

 private:
  size_t left_;
  std::string uri_ = "letters:";
};

}  // namespace

TEST_SUITE("bytes") {
  TEST_CASE("requests carry parameters and credentials, and share a connection") {
    std::vector<std::string> seen;
    std::vector<int> connections;
    const Server server([&](Peer& peer, int connection) {
      for (std::string text = peer.request(); !text.empty(); text = peer.request()) {
        seen.push_back(text);
        connections.push_back(connection);
        peer.send(answer("body " + std::to_string(seen.size())));
      }
    });
    {
      const HttpClient client({.user = "ann", .password = "pa:ss"});
      auto response = client.send({.method = "POST",
                                   .url = server.url("/x"),
                                   .parameters = {{"query", "SELECT 'a b' & 1+1"}, {"\xC3\xA9", ""}},
                                   .headers = {"X-Own: yes"},
                                   .body = "0123456789"},
                                  {});
      REQUIRE_MESSAGE(response.ok(), to_string(response.error()));
      CHECK((*response)->status() == 200);
      CHECK((*response)->header("x-kind") == "plain ");
      CHECK((*response)->header("x-none") == "");
      CHECK((*response)->total_bytes() == 6);
      CHECK(read_text(**response, 3, {}).value() == "bod");
      CHECK((*response)->consumed_bytes() == 3);
      CHECK(read_text(**response, 100, {}).value() == "y 1");
      CHECK((*response)->read(100, {}).value().empty());
      response->reset();
      CHECK(get(client, server.url("/y?z=1")).value() == "body 2");
    }
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].starts_with("POST /x?query=SELECT%20%27a%20b%27%20%26%201%2B1&%C3%A9= HTTP/1.1\r\n"));
    CHECK(seen[0].find("\r\nAuthorization: Basic YW5uOnBhOnNz\r\n") != std::string::npos);
    CHECK(seen[0].find("\r\nX-Own: yes\r\n") != std::string::npos);
    CHECK(seen[0].find("\r\nExpect:") == std::string::npos);
    CHECK(seen[0].ends_with("\r\n\r\n0123456789"));
    CHECK(seen[1].starts_with("GET /y?z=1 HTTP/1.1\r\n"));
    CHECK(connections == std::vector<int>{0, 0});
  }

  TEST_CASE("a token travels as Bearer, and a body may be pulled") {
    std::string seen;
    const Server server([&](Peer& peer, int) {
      seen = peer.request();
      peer.send(answer("ok"));
    });
    Letters letters(1'000'000);
    auto response =
        HttpClient({}).send({.method = "POST", .url = server.url(), .token = "t.o.k", .stream = &letters}, {});
    REQUIRE_MESSAGE(response.ok(), to_string(response.error()));
    CHECK(seen.find("\r\nAuthorization: Bearer t.o.k\r\n") != std::string::npos);
    CHECK(seen.size() > 1'000'000);
  }

  TEST_CASE("a long body comes whole, whatever the reader's steps") {
    std::string body;
    for (uint32_t i = 0; body.size() < 20'000'000; ++i) body += std::to_string(i * 2654435761u);
    const Server server([&](Peer& peer, int) {
      while (!peer.request().empty()) peer.send(answer(body));
    });
    const HttpClient client({});
    for (const size_t step : {size_t{1000}, size_t{65536}, size_t{1} << 20, size_t{1} << 30}) {
      auto response = client.send({.url = server.url()}, {});
      REQUIRE(response.ok());
      std::string text;
      for (;;) {
        auto part = (*response)->read(step, {});
        REQUIRE(part.ok());
        if (part->empty()) break;
        CHECK(part->size() <= step);
        text += part->text();
      }
      CHECK(text == body);
    }
  }

  TEST_CASE("what arrived before a break is delivered before the error") {
    const Server server([&](Peer& peer, int) {
      peer.request();
      peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst half");
    });
    auto response = HttpClient({.password = "canary"}).send({.url = server.url()}, {});
    REQUIRE(response.ok());
    CHECK((*response)->read(100, {}).value().text() == "first half");
    auto rest = (*response)->read(100, {});
    REQUIRE(!rest.ok());
    CHECK(to_string(rest.error()) ==
          "FB-NET-0104  " + server.url().substr(0, server.url().size() - 1) + "\n  the connection to " +
              server.host_port() +
              " broke\n  fix: run it again; the server's log tells why, or a proxy between has closed it");
  }

  TEST_CASE("a body is never sent twice") {
    std::atomic<int> requests = 0;
    const Server server([&](Peer& peer, int connection) {
      if (!peer.request().empty()) ++requests;
      if (connection != 0) return;
      peer.send(answer("first"));
      if (!peer.request().empty()) ++requests;  // read whole, and the connection closed without an answer
    });
    const HttpClient client({});
    const std::string body(100'000, 'x');
    {
      auto first = client.send({.method = "POST", .url = server.url(), .body = body}, {});
      REQUIRE(first.ok());
      CHECK(read_text(**first, 100, {}).value() == "first");
    }
    auto second = client.send({.method = "POST", .url = server.url(), .body = body}, {});
    REQUIRE(!second.ok());
    CHECK(second.error().code == Code::kConnectionLost);
    CHECK(requests == 2);
  }

  TEST_CASE("a body that may have arrived is not said to be unsent, also where the server is gone by then") {
    auto server = std::make_unique<Server>([&](Peer& peer, int connection) {
      if (connection != 0) return;
      peer.request();
      peer.send(answer("first"));
      peer.request();
      peer.wait(300);  // until nobody listens any more
    });
    const HttpClient client({});
    const std::string body(1000, 'x'), url = server->url();
    REQUIRE(read_text(**client.send({.method = "POST", .url = url, .body = body}, {}), 100, {}).ok());
    std::jthread gone([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      server.reset();
    });
    auto second = client.send({.method = "POST", .url = url, .body = body}, {});
    REQUIRE(!second.ok());
    CHECK(second.error().code == Code::kConnectionLost);
    CHECK(second.error().message.ends_with(" broke, and there is no new one: connection refused"));
  }

  TEST_CASE("an answer that comes before the whole body is read") {
    const Server server([&](Peer& peer, int) {
      peer.receive_some();
      peer.send("HTTP/1.1 500 No\r\nContent-Length: 7\r\nConnection: close\r\n\r\nrefused");
      peer.wait(100);
    });
    const std::string body(50'000'000, 'x');
    auto response = HttpClient({}).send({.method = "POST", .url = server.url(), .body = body}, {});
    REQUIRE_MESSAGE(response.ok(), to_string(response.error()));
    CHECK((*response)->status() == 500);
    CHECK(read_text(**response, 100, {}).value() == "refused");
  }

  TEST_CASE("a server that is silent, away or not to be waited for") {
    const Server server([&](Peer& peer, int) {
      peer.request();
      peer.wait(2500);
    });
    auto response = HttpClient({.idle_seconds = 1}).send({.url = server.url()}, {});
    REQUIRE(!response.ok());
    CHECK(to_string(response.error())
              .ends_with("\n  no byte came from " + server.host_port() +
                         " or went to it for 1 s\n  fix: wait longer with timeout=SECONDS"));
    std::stop_source stop;
    std::jthread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      stop.request_stop();
    });
    const auto begin = Clock::now();
    response = HttpClient({}).send({.url = server.url()}, stop.get_token());
    REQUIRE(!response.ok());
    CHECK(response.error().code == Code::kCancelled);
    CHECK(Clock::now() - begin < std::chrono::milliseconds(300));
    response = HttpClient({}).send({.url = "http://127.0.0.1:1/"}, {});
    REQUIRE(!response.ok());
    CHECK(response.error().code == Code::kConnect);
    CHECK(response.error().message == "no connection to 127.0.0.1:1: connection refused");
    CHECK(HttpClient({}).send({.url = "ftp://127.0.0.1/"}, {}).error().code == Code::kBadUri);
  }

  TEST_CASE("hosts of this machine") {
    for (const char* host : {"localhost", "127.0.0.1", "127.1.2.3", "::1"}) CHECK(is_loopback(host));
    for (const char* host : {"", "127.0.0.1.example.com", "128.0.0.1", "localhost.example.com", "::2"})
      CHECK(!is_loopback(host));
  }
}
