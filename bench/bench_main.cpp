/* SPDX-License-Identifier: MIT */
/*
 * Hands the cases to Google Benchmark, and writes what they measured as JSON.
 *
 *     rondo_bench [--quick] [--case REGEX] [--repetitions N] [--cpus A,B] [--out FILE]
 *     rondo_bench ... --table    prints every median, too
 *     rondo_bench ... --list     prints the candidates, and measures nothing
 *
 * Case by case, in rounds: in each round every candidate of the case runs once, in a new random
 * order, so that ours and the peers see the same machine. The first round only warms up. A rate or
 * a time during which other work had a CPU for more than 2 % is measured again, at most three times;
 * a latency is not, for that is what its tail shows.
 *
 * The file (bench/report/results.json if not said otherwise):
 *
 *     {"format": 1,
 *      "machine": {"cpu", "cpus", "kernel", "compiler", "flags", "clock", "governor": texts,
 *                  "pinned": [first CPU, second CPU]},
 *      "run": {"quick": boolean, "repetitions": number, "warnings": [text...]},
 *      "cases": [{"name": text,
 *                 "unit": "ns_per_operation" | "operations_per_s" | "bytes_per_s" | "latency_ns" |
 *                         "bytes",
 *                 "better": "less" | "more",
 *                 "candidates": [{"name": text, "role": "ours" | "peer" | "bound" | "variant",
 *                                 "parameter": number, 0: none, "quick": boolean,
 *                                 "operations": of one repetition,
 *                                 "values": [one a repetition, in the unit; latency: the p50],
 *                                 "latency": only with unit "latency_ns":
 *                                     {"repetitions": [{"count", "p50", "p99", "p99.9", "max"}...],
 *                                      "merged": {the same of all, "histogram": [[ns, count]...]}}
 *                                }...]}...]}
 *
 * Repetition i of all candidates of a case ran next to each other. A candidate is unique by case,
 * name and parameter; those of one case and parameter are compared.
 */
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <malloc.h>
#include <map>
#include <memory>
#include <random>
#include <regex>
#include <string>
#include <sys/utsname.h>
#include <unistd.h>
#include <vector>

#include "bench/arena.h"
#include "bench/bench.h"
#include "bench/latency.h"
#include "bench/pair.h"
#include "bench/timing.h"

#ifndef BENCH_FLAGS
#define BENCH_FLAGS "unknown"
#endif

namespace
{

struct latency_free {
    void
    operator()(bench_latency *latency) const
    {
        bench_latency_destroy(latency);
    }
};
using latency_owner = std::unique_ptr<bench_latency, latency_free>;

struct quantiles {
    uint64_t count, p50, p99, p999, max;
};

quantiles
quantiles_of(const bench_latency *latency)
{
    return {bench_latency_count(latency), bench_latency_quantile(latency, 0.5),
            bench_latency_quantile(latency, 0.99), bench_latency_quantile(latency, 0.999),
            bench_latency_max(latency)};
}

struct measured {
    const bench_candidate *candidate;
    std::string id; /* under which Google Benchmark knows it */
    std::vector<double> values;
    std::vector<quantiles> latencies;
    latency_owner merged;
    latency_owner repetition;
};

struct options {
    bool quick = false;
    bool list = false;
    bool table = false;
    std::string pattern = ".*";
    int repetitions = 0; /* 0: 11 if quick, otherwise 21 */
    std::string out = "bench/report/results.json";
};

/* The candidates, in the order in which they were offered. */
std::vector<const bench_candidate *> &
offered()
{
    static std::vector<const bench_candidate *> all;

    return all;
}

const char *
unit_name(bench_unit unit)
{
    switch (unit) {
    case BENCH_NS_PER_OPERATION:
        return "ns_per_operation";
    case BENCH_OPERATIONS_PER_S:
        return "operations_per_s";
    case BENCH_BYTES_PER_S:
        return "bytes_per_s";
    case BENCH_LATENCY:
        return "latency_ns";
    case BENCH_BYTES:
        return "bytes";
    }
    return "?";
}

bool
less_is_better(bench_unit unit)
{
    return unit != BENCH_OPERATIONS_PER_S && unit != BENCH_BYTES_PER_S;
}

const char *
role_name(bench_role role)
{
    switch (role) {
    case BENCH_OURS:
        return "ours";
    case BENCH_PEER:
        return "peer";
    case BENCH_BOUND:
        return "bound";
    case BENCH_VARIANT:
        return "variant";
    }
    return "?";
}

[[noreturn]] void
fail(const std::string &what)
{
    std::fprintf(stderr, "\nrondo_bench: %s\n", what.c_str());
    std::exit(1);
}

std::string
name_of(const bench_candidate &candidate)
{
    std::string name = std::string(candidate.case_name) + ": " + candidate.name;

    if (candidate.parameter != 0)
        name += " (" + std::to_string(candidate.parameter) + ")";
    return name;
}

std::mt19937 random_bits{std::random_device{}()};

/* Repetitions, and those of them during which other work had one of the CPUs. */
size_t repetitions_done;
size_t repetitions_disturbed;

/* Run a candidate, if need be again. @return NULL, or what went wrong */
const char *
run(const bench_candidate &candidate, bench_measure &measure)
{
    const bench_measure empty = measure;
    const int tries = candidate.unit == BENCH_LATENCY || candidate.unit == BENCH_BYTES ? 1 : 4;
    bool disturbed = false;

    for (int i = 0; i < tries; i++) {
        /* What a peer allocates by malloc() lies elsewhere each time, too. */
        void *const gap =
            std::malloc(std::uniform_int_distribution<size_t>(1, 1024)(random_bits) * 16);
        const char *error;

        measure = empty;
        pair_lost_ns();
        bench_memory_reset();
        alarm(60); /* a peer's own loops know no deadline */
        error = candidate.run(&candidate, candidate.operations, &measure);
        alarm(0);
        std::free(gap);
        if (error != nullptr)
            return error;
        disturbed = pair_lost_ns() > measure.ns / 50;
        if (!disturbed)
            break;
    }
    repetitions_done++;
    if (disturbed && tries > 1)
        repetitions_disturbed++;
    return nullptr;
}

/* One repetition; the values go into @p result. */
void
repeat(benchmark::State &state, measured &result)
{
    const bench_candidate &candidate = *result.candidate;

    for (auto _ : state) {
        bench_measure measure = {};
        const char *error;

        (void)_;
        if (candidate.unit == BENCH_LATENCY) {
            bench_latency_clear(result.repetition.get());
            measure.latency = result.repetition.get();
        }
        error = run(candidate, measure);
        if (error != nullptr) {
            state.SkipWithError(error);
            return;
        }
        state.SetIterationTime(static_cast<double>(measure.ns) * 1e-9);
        const double ns = static_cast<double>(std::max<uint64_t>(measure.ns, 1));
        switch (candidate.unit) {
        case BENCH_NS_PER_OPERATION:
            result.values.push_back(ns / static_cast<double>(measure.operations));
            break;
        case BENCH_OPERATIONS_PER_S:
            result.values.push_back(static_cast<double>(measure.operations) * 1e9 / ns);
            break;
        case BENCH_BYTES_PER_S:
            result.values.push_back(static_cast<double>(measure.bytes) * 1e9 / ns);
            break;
        case BENCH_BYTES:
            result.values.push_back(static_cast<double>(measure.bytes));
            break;
        case BENCH_LATENCY:
            result.latencies.push_back(quantiles_of(measure.latency));
            result.values.push_back(static_cast<double>(result.latencies.back().p50));
            bench_latency_merge(result.merged.get(), measure.latency);
            break;
        }
    }
}

/* Notices failures; the values are kept by repeat(). */
class failures : public benchmark::BenchmarkReporter
{
  public:
    bool
    ReportContext(const Context &) override
    {
        return true;
    }
    void
    ReportRuns(const std::vector<Run> &runs) override
    {
        for (const Run &run : runs) {
            count++;
            if (run.error_occurred)
                message = run.error_message;
        }
    }
    std::string message;
    size_t count = 0;
};

void
measure_case(const std::string &name, std::vector<measured *> &results, int repetitions)
{

    const uint64_t start_ns = bench_clock_ns();

    std::fprintf(stderr, "%-22s", name.c_str());
    for (int round = -1; round < repetitions; round++) {
        std::shuffle(results.begin(), results.end(), random_bits);
        for (measured *result : results) {
            failures reporter;

            benchmark::RunSpecifiedBenchmarks(&reporter, "^" + result->id + "(/|$)");
            if (!reporter.message.empty())
                fail("in " + name_of(*result->candidate) + ": " + reporter.message);
            if (reporter.count != 1)
                fail(name_of(*result->candidate) + " did not run once, but " +
                     std::to_string(reporter.count) + " times");
            if (round < 0) { /* that was the warm-up */
                result->values.clear();
                result->latencies.clear();
                if (result->merged)
                    bench_latency_clear(result->merged.get());
            }
        }
        std::fputc('.', stderr);
    }
    std::fprintf(stderr, " %.1f s\n", static_cast<double>(bench_clock_ns() - start_ns) * 1e-9);
}

double
quantile(std::vector<double> values, double q)
{
    std::sort(values.begin(), values.end());
    const double place = q * static_cast<double>(values.size() - 1);
    const size_t below = static_cast<size_t>(place);
    const size_t above = std::min(below + 1, values.size() - 1);

    return values[below] + (values[above] - values[below]) * (place - static_cast<double>(below));
}

/* ---- the machine ---- */

std::string
first_line(const std::string &path, const std::string &otherwise)
{
    std::ifstream file(path);
    std::string line;

    return std::getline(file, line) ? line : otherwise;
}

std::string
cpu_model()
{
    std::ifstream file("/proc/cpuinfo");
    std::string line;
    std::map<std::string, std::string> found;

    while (std::getline(file, line) && !line.empty()) {
        const size_t colon = line.find(':');

        if (colon != std::string::npos)
            found[line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1)] =
                colon + 2 <= line.size() ? line.substr(colon + 2) : "";
    }
    if (found.count("model name") == 0)
        return "unknown";
    return found["model name"] + ", family " + found["cpu family"] + " model " + found["model"];
}

std::string
quoted(const std::string &text)
{
    std::string json = "\"";

    for (const char c : text) {
        if (c == '"' || c == '\\')
            json += '\\';
        json += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return json + "\"";
}

std::vector<std::string>
warnings_of(const int cpu[2])
{
    std::vector<std::string> warnings;
    const std::string clock =
        first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", "unknown");
    const std::string governor = first_line("/sys/devices/system/cpu/cpu" + std::to_string(cpu[0]) +
                                                "/cpufreq/scaling_governor",
                                            "unknown");
    const double load = std::strtod(first_line("/proc/loadavg", "0").c_str(), nullptr);

#ifdef __x86_64__
    if (clock != "tsc")
        warnings.push_back("the kernel does not trust the time stamp counter (clock: " + clock +
                           "): one-way latencies may be wrong");
#endif
    if (governor != "performance" && governor != "unknown")
        warnings.push_back("CPU frequency governor: " + governor + ", not performance");
    if (load > 0.5)
        warnings.push_back("the machine has other work (load " + std::to_string(load).substr(0, 4) +
                           ")");
#ifndef NDEBUG
    warnings.push_back("built with assertions");
#endif
    return warnings;
}

/* ---- the report ---- */

void
write_quantiles(std::ostream &out, const quantiles &of)
{
    out << "\"count\": " << of.count << ", \"p50\": " << of.p50 << ", \"p99\": " << of.p99
        << ", \"p99.9\": " << of.p999 << ", \"max\": " << of.max;
}

void
write_candidate(std::ostream &out, const measured &result)
{
    const bench_candidate &candidate = *result.candidate;

    out << "      {\"name\": " << quoted(candidate.name) << ", \"role\": \""
        << role_name(candidate.role) << "\", \"parameter\": " << candidate.parameter
        << ", \"quick\": " << (candidate.quick ? "true" : "false")
        << ", \"operations\": " << candidate.operations << ",\n       \"values\": [";
    for (size_t i = 0; i < result.values.size(); i++)
        out << (i > 0 ? ", " : "") << result.values[i];
    out << "]";
    if (result.merged) {
        out << ",\n       \"latency\": {\"repetitions\": [";
        for (size_t i = 0; i < result.latencies.size(); i++) {
            out << (i > 0 ? ", {" : "{");
            write_quantiles(out, result.latencies[i]);
            out << "}";
        }
        out << "],\n         \"merged\": {";
        write_quantiles(out, quantiles_of(result.merged.get()));
        out << ", \"histogram\": [";
        bool first = true;
        for (unsigned bin = 0; bin < bench_latency_bins(); bin++) {
            const uint64_t count = bench_latency_bin(result.merged.get(), bin);

            if (count == 0)
                continue;
            out << (first ? "[" : ", [") << bench_latency_bin_ns(bin) << ", " << count << "]";
            first = false;
        }
        out << "]}}";
    }
    out << "}";
}

void
write_report(const options &chosen, const std::vector<std::string> &case_names,
             std::map<std::string, std::vector<measured *>> &cases, const int cpu[2],
             int repetitions, const std::vector<std::string> &warnings)
{
    std::ofstream out(chosen.out);
    utsname system = {};

    uname(&system);
    out.precision(10);
    out << "{\"format\": 1,\n \"machine\": {\"cpu\": " << quoted(cpu_model())
        << ", \"cpus\": " << sysconf(_SC_NPROCESSORS_ONLN) << ",\n   \"kernel\": "
        << quoted(std::string(system.sysname) + " " + system.release + " " + system.machine)
        << ", \"compiler\": "
#ifdef __clang__
        << quoted(std::string("clang ") + __clang_version__)
#else
        << quoted(std::string("gcc ") + __VERSION__)
#endif
        << ", \"flags\": " << quoted(BENCH_FLAGS) << ", \"clock\": " << quoted(bench_clock_name())
        << ", \"pinned\": [" << cpu[0] << ", " << cpu[1] << "],\n   \"governor\": "
        << quoted(first_line("/sys/devices/system/cpu/cpu" + std::to_string(cpu[0]) +
                                 "/cpufreq/scaling_governor",
                             "unknown"))
        << "},\n \"run\": {\"quick\": " << (chosen.quick ? "true" : "false")
        << ", \"repetitions\": " << repetitions << ", \"warnings\": [";
    for (size_t i = 0; i < warnings.size(); i++)
        out << (i > 0 ? ", " : "") << quoted(warnings[i]);
    out << "]},\n \"cases\": [";
    for (size_t i = 0; i < case_names.size(); i++) {
        std::vector<measured *> &results = cases[case_names[i]];
        const bench_unit unit = results[0]->candidate->unit;

        out << (i > 0 ? ",\n" : "\n") << "  {\"name\": " << quoted(case_names[i])
            << ", \"unit\": \"" << unit_name(unit) << "\", \"better\": \""
            << (less_is_better(unit) ? "less" : "more") << "\", \"candidates\": [\n";
        for (size_t k = 0; k < results.size(); k++) {
            write_candidate(out, *results[k]);
            out << (k + 1 < results.size() ? ",\n" : "");
        }
        out << "]}";
    }
    out << "\n]}\n";
    out.flush();
    if (!out)
        fail("cannot write " + chosen.out);
}

/* A plain table: medians, quartiles, and how many times better ours is. */
void
print_case(const std::string &name, const std::vector<measured *> &results)
{
    std::map<uint64_t, double> ours;

    for (const measured *result : results) {
        if (result->candidate->role == BENCH_OURS)
            ours[result->candidate->parameter] = quantile(result->values, 0.5);
    }
    for (const measured *result : results) {
        const bench_candidate &candidate = *result->candidate;
        const double scale = candidate.unit == BENCH_BYTES_PER_S        ? 1e-9
                             : candidate.unit == BENCH_OPERATIONS_PER_S ? 1e-6
                                                                        : 1;
        const double median = quantile(result->values, 0.5);

        std::printf("%-20s %8llu  %-30s %-7s %10.2f  [%.2f %.2f]", name.c_str(),
                    static_cast<unsigned long long>(candidate.parameter), candidate.name,
                    role_name(candidate.role), median * scale,
                    quantile(result->values, 0.25) * scale, quantile(result->values, 0.75) * scale);
        if (ours.count(candidate.parameter) != 0 && candidate.role != BENCH_OURS)
            std::printf("  ours/this %.2f", ours[candidate.parameter] / median);
        std::printf("\n");
    }
}

options
parse(int argc, char **argv)
{
    options chosen;

    for (int i = 1; i < argc; i++) {
        const std::string word = argv[i];
        const bool takes_value =
            word == "--case" || word == "--repetitions" || word == "--out" || word == "--cpus";

        if (takes_value && i + 1 == argc)
            fail(word + " needs a value");
        if (word == "--quick")
            chosen.quick = true;
        else if (word == "--list")
            chosen.list = true;
        else if (word == "--table")
            chosen.table = true;
        else if (word == "--case")
            chosen.pattern = argv[++i];
        else if (word == "--out")
            chosen.out = argv[++i];
        else if (word == "--repetitions") {
            chosen.repetitions = std::atoi(argv[++i]);
            if (chosen.repetitions < 1)
                fail("--repetitions needs a number of at least 1");
        } else if (word == "--cpus") {
            int first = -1;
            int second = -1;

            if (std::sscanf(argv[++i], "%d,%d", &first, &second) != 2)
                fail("--cpus needs two numbers: --cpus 0,1");
            if (const char *error = pair_set_cpus(first, second))
                fail(error);
        } else {
            fail("what is '" + word +
                 "'? Options: --quick --case REGEX --repetitions N --cpus A,B --out FILE --table "
                 "--list");
        }
    }
    return chosen;
}

} // namespace

extern "C" void
bench_add(const struct bench_candidate *candidate)
{
    offered().push_back(candidate);
}

int
main(int argc, char **argv)
{
    const options chosen = parse(argc, argv);
    const int repetitions = chosen.repetitions != 0 ? chosen.repetitions : chosen.quick ? 11 : 21;
    std::vector<std::unique_ptr<measured>> all;
    std::vector<std::string> case_names;
    std::map<std::string, std::vector<measured *>> cases;
    std::regex pattern;
    int cpu[2] = {-1, -1};
    int benchmark_argc = 1;

    try {
        pattern = std::regex(chosen.pattern);
    } catch (const std::regex_error &) {
        fail("--case needs a regular expression, not '" + chosen.pattern + "'");
    }
    for (const bench_candidate *candidate : offered()) {
        if ((chosen.quick && !candidate->quick) ||
            !std::regex_search(candidate->case_name, pattern))
            continue;
        auto result = std::make_unique<measured>();
        char id[16];

        std::snprintf(id, sizeof id, "c%05zu", all.size());
        result->candidate = candidate;
        result->id = id;
        if (candidate->unit == BENCH_LATENCY) {
            result->merged.reset(bench_latency_create());
            result->repetition.reset(bench_latency_create());
        }
        if (cases.count(candidate->case_name) == 0)
            case_names.push_back(candidate->case_name);
        cases[candidate->case_name].push_back(result.get());
        all.push_back(std::move(result));
    }
    if (all.empty())
        fail("no case matches");
    if (chosen.list) {
        for (const auto &result : all)
            std::printf("%-8s %s\n", role_name(result->candidate->role),
                        name_of(*result->candidate).c_str());
        return 0;
    }

    if (!std::ofstream(chosen.out, std::ios::app)) /* better now than after minutes */
        fail("cannot write " + chosen.out);
    if (const char *error = pair_cpus(cpu))
        fail(error);
    if (const char *error = pair_pin_first())
        fail(error);
    std::vector<std::string> warnings = warnings_of(cpu);
    for (const std::string &warning : warnings)
        std::fprintf(stderr, "warning: %s\n", warning.c_str());
    bench_ns_per_tick();
    /* What peers allocate by malloc() stays with us between their runs. */
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);

    benchmark::Initialize(&benchmark_argc, argv);
    for (const auto &result : all) {
        measured *const one = result.get();

        benchmark::RegisterBenchmark(one->id.c_str(),
                                     [one](benchmark::State &state) { repeat(state, *one); })
            ->UseManualTime()
            ->Iterations(1);
    }
    for (const std::string &name : case_names)
        measure_case(name, cases[name], repetitions);
    if (repetitions_disturbed * 100 > repetitions_done) {
        warnings.push_back("other work had a CPU in " + std::to_string(repetitions_disturbed) +
                           " of " + std::to_string(repetitions_done) + " repetitions");
        std::fprintf(stderr, "warning: %s\n", warnings.back().c_str());
    }
    for (const std::string &name : case_names) {
        std::vector<measured *> &results = cases[name];

        std::sort(results.begin(), results.end(), [](const measured *a, const measured *b) {
            return a->candidate->parameter != b->candidate->parameter
                       ? a->candidate->parameter < b->candidate->parameter
                   : a->candidate->role != b->candidate->role
                       ? a->candidate->role < b->candidate->role
                       : std::strcmp(a->candidate->name, b->candidate->name) < 0;
        });
        if (chosen.table)
            print_case(name, results);
    }
    write_report(chosen, case_names, cases, cpu, repetitions, warnings);
    return 0;
}
