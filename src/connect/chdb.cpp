// The embedded ClickHouse. Enters: a folder. Leaves: tables in it, served by a private server process out of the Python
// package chdb-core. Invariant: one engine a folder; it lives as long as its last user, and ends even when this
// process is killed.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "connect/chdb.hpp"

#include "clickhouse/catalogue.hpp"
#include "connect/clickhouse.hpp"

extern char** environ;

namespace flatbed {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kInstall = "pip install --no-deps chdb-core==26.9.0";
constexpr std::string_view kUser = "flatbed";
constexpr auto kStartLimit = std::chrono::seconds(30);
constexpr auto kStopLimit = std::chrono::seconds(10);

// Runs in the child process. The first line of its input is the password, which so never stands in an argument list;
// the end of its input ends the server. It answers with one line: "port N", "missing" or "failed TEXT". Requests find a
// handler only with the right Authorization, so the engine's own user without a password cannot be reached.
constexpr const char* kLauncher = R"python(
import base64, importlib, importlib.util, os, shutil, signal, sys, tempfile, threading, types, uuid
from xml.sax.saxutils import escape

CONFIG = """<clickhouse>
<listen_host>127.0.0.1</listen_host><http_port>0</http_port>
<path>{data}/</path><default_database>local_</default_database>
<logger><level>none</level></logger><log-level>none</log-level>
<users_config>{private}/users.xml</users_config><allow_no_password>1</allow_no_password>
<mark_cache_size>33554432</mark_cache_size><uncompressed_cache_size>0</uncompressed_cache_size>
<http_handlers><rule><headers><Authorization>Basic {basic}</Authorization></headers><handler>
<type>dynamic_query_handler</type><query_param_name>query</query_param_name></handler></rule></http_handlers>
</clickhouse>"""
USERS = """<clickhouse><profiles><default><implicit_select>0</implicit_select>
<storage_file_read_method>pread</storage_file_read_method></default></profiles><quotas><default/></quotas><users>
<default><password></password><networks><ip>127.0.0.1</ip></networks>
<profile>default</profile><quota>default</quota></default>
<flatbed><password>{password}</password><networks><ip>127.0.0.1</ip></networks>
<profile>default</profile><quota>default</quota><default_database>default</default_database></flatbed>
</users></clickhouse>"""
STATEMENTS = """SYSTEM START LISTEN HTTP;
SELECT getServerPort('http_port') INTO OUTFILE 'port' APPEND FORMAT TSV;
SELECT count() FROM file('/dev/stdin', 'LineAsString', 'line String')
SETTINGS max_execution_time = 0, storage_file_read_method = 'read'; SYSTEM STOP LISTEN HTTP"""

def say(text):
    os.write(3, (" ".join(text.split())[:4000] + "\n").encode())

def read_password():
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            os._exit(0)
        line += byte
    return line.decode().strip()

def prepare(data, private, password):
    metadata = os.path.join(data, "metadata")
    os.makedirs(metadata, exist_ok=True)
    default = os.path.join(metadata, "default.sql")
    if not os.path.lexists(default):  # on disk: the engine alone would keep this database in memory
        with open(default, "w") as file:
            file.write("ATTACH DATABASE default UUID '%s' ENGINE = Atomic\n" % uuid.uuid4())
    basic = base64.b64encode(("flatbed:" + password).encode()).decode()
    with open(os.path.join(private, "config.xml"), "w") as file:
        file.write(CONFIG.format(data=escape(data), private=escape(private), basic=basic))
    with open(os.path.join(private, "users.xml"), "w") as file:
        file.write(USERS.format(password=password))
    os.mkfifo(os.path.join(private, "port"))

def tell_port():
    with open("port") as file:
        say("port " + file.readline())

def serve(data, package):
    module = types.ModuleType("chdb")  # the package's own __init__ would open another engine
    module.__path__ = list(package.submodule_search_locations)
    sys.modules["chdb"] = module
    engine = importlib.import_module("chdb._chdb")
    threading.Thread(target=tell_port, daemon=True).start()
    engine.query(STATEMENTS, "TabSeparated", path=data)

def main():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path[:] = [entry for entry in sys.path if entry]
    password = read_password()
    package = importlib.util.find_spec("chdb")
    if package is None or not package.submodule_search_locations:
        return say("missing")
    private = tempfile.mkdtemp(prefix="flatbed-chdb-")
    try:
        prepare(sys.argv[1], private, password)
        os.chdir(private)
        os.dup2(os.open("said", os.O_RDWR | os.O_CREAT, 0o600), 2)
        serve(sys.argv[1], package)
        with open("said", errors="replace") as file:  # where the engine says why it could not start
            say("failed " + file.read())
    except BaseException as problem:
        say("failed " + str(problem))
    finally:
        shutil.rmtree(private, ignore_errors=True)

main()
os._exit(0)
)python";

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() noexcept {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }
  int number() const noexcept { return number_; }

 private:
  int number_;
};

struct Pipe {
  Descriptor read, write;
  static std::optional<Pipe> open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
    const Descriptor read(ends[0]), write(ends[1]);
    // Out of the way of the numbers that the child gives its ends.
    constexpr int kLowest = 10;
    Pipe pipe{Descriptor(::fcntl(ends[0], F_DUPFD_CLOEXEC, kLowest)),
              Descriptor(::fcntl(ends[1], F_DUPFD_CLOEXEC, kLowest))};
    if (pipe.read.number() < 0 || pipe.write.number() < 0) return std::nullopt;
    return pipe;
  }
};

Error no_engine(std::string message, const std::string& shown) {
  return {.code = Code::kNoEngine, .message = std::move(message), .where = {.uri = shown}};
}

std::string random_password() {
  constexpr char kHex[] = "0123456789abcdef";
  std::random_device device;
  std::string text;
  for (int i = 0; i < 32; ++i) text += kHex[device() & 15];
  return text;
}

// A child process that serves one folder.
class Engine {
 public:
  static Result<std::unique_ptr<const Engine>> start(const std::string& folder, const std::string& python,
                                                     const std::string& shown, std::stop_token stop);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  const std::string& password() const noexcept { return password_; }
  uint16_t port() const noexcept { return port_; }

 private:
  Engine() : password_(random_password()) {}
  Status spawn(const std::string& folder, const std::string& python, const std::string& shown, Descriptor& answer);
  Result<std::string> read_answer(int answer, const std::string& shown, std::stop_token stop) const;
  Status understand(const std::string& answer, const std::string& folder, const std::string& python,
                    const std::string& shown);

  const std::string password_;
  Descriptor input_{};
  pid_t process_ = -1;
  uint16_t port_ = 0;
};

Result<std::unique_ptr<const Engine>> Engine::start(const std::string& folder, const std::string& python,
                                                    const std::string& shown, std::stop_token stop) {
  std::unique_ptr<Engine> engine(new Engine());
  Descriptor answer;
  if (Status status = engine->spawn(folder, python, shown, answer); !status) return std::move(status).error();
  auto text = engine->read_answer(answer.number(), shown, stop);
  if (!text) return std::move(text).error();
  if (Status status = engine->understand(*text, folder, python, shown); !status) return std::move(status).error();
  return std::unique_ptr<const Engine>(std::move(engine));
}

Status Engine::spawn(const std::string& folder, const std::string& python, const std::string& shown,
                     Descriptor& answer) {
  auto input = Pipe::open(), output = Pipe::open();
  if (!input || !output) return no_engine("no pipe to the engine: system error " + std::to_string(errno), shown);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  // The line goes through a descriptor of its own: the engine writes notes to the usual ones.
  posix_spawn_file_actions_adddup2(&actions, output->write.number(), 3);
  posix_spawn_file_actions_adddup2(&actions, input->read.number(), 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  // A session of its own: Ctrl-C in the terminal is for this process, which then ends the engine in order.
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  const char* const arguments[] = {python.c_str(), "-c", kLauncher, folder.c_str(), nullptr};
  const int problem =
      posix_spawnp(&process_, python.c_str(), &actions, &attributes, const_cast<char* const*>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (problem != 0) {
    process_ = -1;
    Error error = no_engine("the interpreter cannot be started: " + python, shown);
    error.hint = "install Python 3, or name it with python=PATH or the environment variable FLATBED_PYTHON";
    error.native_code = problem;
    return error;
  }
  const std::string line = password_ + "\n";
  if (::write(input->write.number(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    return no_engine("the engine ended before it was up", shown);
  }
  input_ = std::move(input->write);
  answer = std::move(output->read);
  return {};
}

Result<std::string> Engine::read_answer(int answer, const std::string& shown, std::stop_token stop) const {
  std::string text;
  const Clock::time_point end = Clock::now() + kStartLimit;
  while (!text.ends_with('\n')) {
    if (stop.stop_requested()) return Error{.code = Code::kCancelled, .message = "cancelled", .where = {.uri = shown}};
    if (Clock::now() > end) return no_engine("the engine did not start within 30 s", shown);
    pollfd waiting{.fd = answer, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, 50) <= 0) continue;
    char part[512];
    const ssize_t bytes = ::read(answer, part, sizeof part);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) return no_engine("the engine ended before it was up", shown);
    text.append(part, static_cast<size_t>(bytes));
  }
  text.pop_back();
  return text;
}

Status Engine::understand(const std::string& answer, const std::string& folder, const std::string& python,
                          const std::string& shown) {
  if (answer.starts_with("port ")) {
    std::from_chars(answer.data() + 5, answer.data() + answer.size(), port_);
    if (port_ != 0) return {};
  }
  if (answer == "missing") {
    Error error = no_engine("the Python package chdb-core is not installed for " + python, shown);
    error.hint = python + " -m " + std::string(kInstall);
    return error;
  }
  const std::string text = answer.starts_with("failed ") ? answer.substr(7) : answer;
  // The engine's own lock on the folder.
  if (text.find("Cannot lock file") != std::string::npos || text.find("Another server instance") != std::string::npos) {
    Error error = no_engine("another process uses the folder: " + folder, shown);
    error.hint = "wait until it has ended, or load into a server";
    return error;
  }
  Error error = no_engine("the engine did not start: " + server_error(text, 0, shown).message, shown);
  error.hint = "install the engine that is tested: " + python + " -m " + std::string(kInstall);
  return error;
}

Engine::~Engine() {
  if (process_ < 0) return;
  input_.close();
  const Clock::time_point end = Clock::now() + kStopLimit;
  while (::waitpid(process_, nullptr, WNOHANG) == 0) {
    if (Clock::now() > end) {
      ::kill(process_, SIGKILL);
      ::waitpid(process_, nullptr, 0);
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

// The place of one folder's engine. Starting and stopping hold the mutex, so that they never meet on one folder.
struct EngineSlot {
  std::mutex mutex;
  std::unique_ptr<const Engine> engine;
  size_t users = 0;
};

// Two engines on one folder would lock each other out, so a process has one a folder: the one state that is global.
std::shared_ptr<EngineSlot> slot_of(const std::string& folder) {
  static std::mutex mutex;
  static std::map<std::string, std::shared_ptr<EngineSlot>> slots;
  const std::lock_guard lock(mutex);
  auto& slot = slots[folder];
  if (!slot) slot = std::make_shared<EngineSlot>();
  return slot;
}

Result<std::shared_ptr<const Engine>> engine_for(const std::string& folder, const std::string& python,
                                                 const std::string& shown, std::stop_token stop) {
  const std::shared_ptr<EngineSlot> slot = slot_of(folder);
  const std::lock_guard lock(slot->mutex);
  if (slot->users == 0) {
    auto started = Engine::start(folder, python, shown, stop);
    if (!started) return std::move(started).error();
    slot->engine = std::move(*started);
  }
  ++slot->users;
  return std::shared_ptr<const Engine>(slot->engine.get(), [slot](const Engine*) {
    const std::lock_guard leaving(slot->mutex);
    if (--slot->users == 0) slot->engine.reset();
  });
}

// "dir/database/table", or "dir/database" and "dir" where tables are listed.
struct EmbeddedAddress {
  std::string folder{};
  TableAddress table{};
};

std::string take_last(std::string& path) {
  const size_t slash = path.rfind('/');
  std::string last = slash == std::string::npos ? path : path.substr(slash + 1);
  path.resize(slash == std::string::npos ? 0 : slash);
  return last;
}

Result<EmbeddedAddress> embedded_address(const Uri& uri) {
  EmbeddedAddress address{.folder = uri.host + uri.path};
  address.table.name = take_last(address.folder);
  address.table.database = take_last(address.folder);
  if (!address.folder.empty() && !address.table.database.empty() && !address.table.name.empty()) return address;
  return Error{.code = Code::kBadUri,
               .message = "the address names no folder, database and table: " + uri.shown,
               .expected = "chdb:folder/database/table, or chdb:///folder/database/table"};
}

Result<std::string> canonical(const std::string& folder, bool create, const std::string& shown) {
  std::error_code problem;
  if (create) fs::create_directories(folder, problem);
  const fs::path path = fs::canonical(folder, problem);
  if (!problem && fs::is_directory(path, problem)) return path.string();
  if (create) {
    return Error{.code = Code::kWriteFailed,
                 .message = "the folder cannot be made: " + folder,
                 .where = {.uri = shown},
                 .native_code = problem.value()};
  }
  return Error{.code = Code::kNotFound,
               .message = "no such folder: " + folder,
               .where = {.uri = shown},
               .hint = "an address ends in the folder, the database and the table: chdb:folder/database/table"};
}

// Makes the way to the engine. Writing makes the folder and the database.
Result<ReachServer> way_to(const std::string& folder, const std::string& database, bool to_write, const Uri& uri,
                           const Options& options) {
  auto settings = server_settings(options);
  if (!settings) return std::move(settings).error();
  return ReachServer([=, python = embedded_python(options), shown = uri.shown,
                      settings = std::move(*settings)](std::stop_token stop) -> Result<ClickHouseServer> {
    auto path = canonical(folder, to_write, shown);
    if (!path) return std::move(path).error();
    auto server = embedded_server(*path, python, shown, settings, stop);
    if (server && to_write) {
      Status made = server->execute("CREATE DATABASE IF NOT EXISTS " + quote_identifier(database), stop);
      if (!made) return std::move(made).error();
    }
    return server;
  });
}

Result<std::unique_ptr<Source>> make_source(const Uri& uri, const Options& options) {
  auto address = embedded_address(uri);
  if (!address) return std::move(address).error();
  auto way = way_to(address->folder, address->table.database, false, uri, options);
  if (!way) return std::move(way).error();
  return clickhouse_source(std::move(*way), address->table, options, uri.shown);
}

Result<std::unique_ptr<Sink>> make_sink(const Uri& uri, const Options& options) {
  auto address = embedded_address(uri);
  if (!address) return std::move(address).error();
  auto way = way_to(address->folder, address->table.database, true, uri, options);
  if (!way) return std::move(way).error();
  return clickhouse_sink(std::move(*way), address->table, options, uri.shown);
}

// A folder whose tables are listed: one that an engine made holds its metadata, so what follows it is a database and a
// table, as far as the address goes.
EmbeddedAddress listed_address(const Uri& uri) {
  EmbeddedAddress address{.folder = uri.host + uri.path};
  while (address.folder.size() > 1 && address.folder.ends_with('/')) address.folder.pop_back();
  const auto holds_tables = [](const std::string& folder) {
    std::error_code problem;
    return fs::is_directory(fs::path(folder) / "metadata", problem);
  };
  for (int parts = 0; parts < 2 && !holds_tables(address.folder); ++parts) {
    if (address.folder.find('/') == std::string::npos) break;
    address.table.name = std::exchange(address.table.database, take_last(address.folder));
  }
  return address;
}

// Starts the engine, and lists what it has.
template <class List>
auto listed(const Uri& uri, const Options& options, std::stop_token stop, List list)
    -> decltype(list(std::declval<const ClickHouseServer&>(), TableAddress())) {
  const EmbeddedAddress address = listed_address(uri);
  auto way = way_to(address.folder, address.table.database, false, uri, options);
  if (!way) return std::move(way).error();
  auto server = (*way)(stop);
  if (!server) return std::move(server).error();
  return list(*server, address.table);
}

Result<std::vector<DatabaseInfo>> list_databases(const Uri& uri, const Options& options, std::stop_token stop) {
  return listed(uri, options, stop,
                [&](const auto& server, const auto&) { return clickhouse_databases(server, stop); });
}

Result<std::vector<TableInfo>> list_tables(const Uri& uri, const Options& options, std::stop_token stop) {
  return listed(uri, options, stop, [&](const auto& server, const TableAddress& table) {
    return clickhouse_tables(server, table.database, stop);
  });
}

Result<std::vector<ColumnInfo>> list_columns(const Uri& uri, const Options& options, std::stop_token stop) {
  return listed(uri, options, stop,
                [&](const auto& server, const TableAddress& table) { return clickhouse_columns(server, table, stop); });
}

constexpr auto kOptions = with_table_options(std::array{kPythonOption});

}  // namespace

std::string embedded_python(const Options& options) {
  if (options.given("python")) return options.text("python");
  if (const char* named = std::getenv("FLATBED_PYTHON"); named != nullptr && *named != 0) return named;
  if (const char* venv = std::getenv("VIRTUAL_ENV"); venv != nullptr && *venv != 0) {
    return std::string(venv) + "/bin/python";
  }
  return "python3";
}

Result<ClickHouseServer> embedded_server(const std::string& folder, const std::string& python, const std::string& shown,
                                         ServerSettings settings, std::stop_token stop) {
  auto engine = engine_for(folder, python, shown, stop);
  if (!engine) return std::move(engine).error();
  return ClickHouseServer({.user = std::string(kUser), .password = (*engine)->password(), .idle_seconds = 0},
                          "http://127.0.0.1:" + std::to_string((*engine)->port()) + "/", shown,
                          {.settings = std::move(settings), .engine = *engine});
}

Connector chdb_connector() {
  return {.name = "chdb",
          .schemes = {"chdb"},
          .summary = "Tables of an embedded ClickHouse in a folder, no server needed: chdb:folder/database/table",
          .options = kOptions,
          .make_source = make_source,
          .make_sink = make_sink,
          .list_tables = list_tables,
          .list_databases = list_databases,
          .list_columns = list_columns};
}

}  // namespace flatbed
