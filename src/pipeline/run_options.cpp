// The options of a run. Enters: names and values as text. Leaves: a plan that holds them, or an error and the plan as
// it was.
#include "pipeline/run_options.hpp"

#include <charconv>
#include <optional>

namespace flatbed {
namespace {

constexpr OptionSpec kOptions[] = {
    {.name = "columns", .type = OptionType::kNames, .help = "Columns to carry, in this order; all if not given"},
    {.name = "on_reject",
     .type = OptionType::kChoice,
     .help = "What happens to a row that cannot be carried",
     .default_text = "fail",
     .choices = "fail|skip|divert"},
    {.name = "max_rejects",
     .type = OptionType::kNames,
     .help = "Rows that may be skipped or diverted, as a count or a share, in all, of a column or of a code: "
             "1000,2%,amount=10,FB-TYPE-0103=0.5%",
     .default_text = "1000"},
    {.name = "quarantine",
     .help = "Folder to make for rejected rows as they stand in the source, to be repaired and replayed"},
    {.name = "check",
     .type = OptionType::kFlag,
     .help = "Do everything but the write, and tell every reject and every value that would be rewritten",
     .default_text = "false"},
    {.name = "strict",
     .type = OptionType::kFlag,
     .help = "Reject a row whose value is read leniently, as 007 in a column of numbers, or needs a repair",
     .default_text = "false"},
    {.name = "threads",
     .type = OptionType::kCount,
     .help = "Threads that work; 0: as many as there are cores",
     .default_text = "0"},
    {.name = "ledger",
     .help = "Ledger of loads into tables: an interrupted one goes on, a finished one is not loaded twice"},
    {.name = "again",
     .type = OptionType::kFlag,
     .help = "Load a file once more that the ledger knows as loaded",
     .default_text = "false"},
    {.name = "memory", .type = OptionType::kBytes, .help = "Most memory for data on the way", .default_text = "256M"},
};

constexpr uint64_t kMostThreads = 1024;

OnReject policy(const std::string& text) {
  if (text == "skip") return OnReject::kSkip;
  return text == "divert" ? OnReject::kDivert : OnReject::kFail;
}

Error bad_limit(const std::string& text) {
  return {.code = Code::kBadOption,
          .message = "option \"max_rejects\" cannot be \"" + text + "\"",
          .expected = "a count or a share, in all or of a column or a code: 1000,2%,amount=10,FB-TYPE-0103=0.5%"};
}

// Reads "10", "2.5%", "amount=10" or "FB-TYPE-0103=0.5%".
Result<RejectLimit> read_limit(const std::string& text) {
  const size_t equals = text.rfind('=');
  const size_t begin = equals == std::string::npos ? 0 : equals + 1;
  RejectLimit limit{.kind = text.substr(0, begin == 0 ? 0 : equals)};
  const char* const from = text.data() + begin;
  const char* const to = text.data() + text.size();
  if (from != to && to[-1] == '%') {
    const auto [end, problem] = std::from_chars(from, to - 1, limit.share);
    limit.share /= 100;
    if (problem != std::errc() || end != to - 1 || !(limit.share >= 0 && limit.share <= 1)) return bad_limit(text);
    return limit;
  }
  const auto [end, problem] = std::from_chars(from, to, limit.rows);
  if (problem != std::errc() || end != to || from == to) return bad_limit(text);
  return limit;
}

// A count in all is the plan's max_rejects; where there is only a share in all, no count holds.
Status set_limits(const std::vector<std::string>& texts, Plan& plan) {
  std::vector<RejectLimit> limits;
  std::optional<uint64_t> most;
  bool share = false;
  for (const std::string& text : texts) {
    auto limit = read_limit(text);
    if (!limit) return std::move(limit).error();
    share = share || (limit->kind.empty() && limit->share < 1);
    if (limit->kind.empty() && limit->rows != UINT64_MAX)
      most = limit->rows;
    else
      limits.push_back(std::move(*limit));
  }
  if (most || share) plan.max_rejects = most.value_or(UINT64_MAX);
  plan.limits = std::move(limits);
  return {};
}

}  // namespace

std::span<const OptionSpec> run_options() noexcept {
  return kOptions;
}

Status set_run_options(const std::map<std::string, std::string>& given, Plan& plan) {
  auto options = Options::check(kOptions, given, Use::kBoth);
  if (!options) return std::move(options).error();
  if (options->count("threads") > kMostThreads) {
    return Error{.code = Code::kBadOption,
                 .message = "option \"threads\" cannot be \"" + options->text("threads") + "\"",
                 .expected = "a whole number up to " + std::to_string(kMostThreads)};
  }
  if (options->given("columns")) plan.columns = options->names("columns");
  if (options->given("on_reject")) plan.on_reject = policy(options->text("on_reject"));
  if (options->given("max_rejects")) {
    if (Status status = set_limits(options->names("max_rejects"), plan); !status) return status;
  }
  if (options->given("quarantine")) plan.quarantine = options->text("quarantine");
  if (options->given("check")) plan.check = options->flag("check");
  if (options->given("strict")) plan.strict = options->flag("strict");
  if (options->given("threads")) plan.threads = static_cast<unsigned>(options->count("threads"));
  if (options->given("ledger")) plan.ledger = options->text("ledger");
  if (options->given("again")) plan.again = options->flag("again");
  if (options->given("memory")) plan.memory_limit = options->count("memory");
  return {};
}

}  // namespace flatbed
