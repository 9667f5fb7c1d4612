//! The agent against a Claude that is played: the tests need neither a host nor Wasm.

const std = @import("std");
const agent = @import("agent.zig");
const sdk = @import("sdk.zig");
const played = @import("sdk/played.zig");
const expect = std.testing.expect;
const expectEqual = std.testing.expectEqual;
const expectEqualStrings = std.testing.expectEqualStrings;

test {
    _ = @import("sdk/lines.zig");
}

/// As JSON has it within a text.
const summary =
    \\{\"title\":\"T\",\"summary\":\"S.\",\"key_points\":[\"\\u00e4\",\"\\ud83d\\ude00\"]}
;

fn summarize(host: *sdk.Host) ![]const u8 {
    return agent.run(host, "summarize", try host.value("{\"text\":\"A \\\"long\\\"\\ntext.\"}"));
}

fn has(line: []const u8, part: []const u8) !void {
    if (!std.mem.containsAtLeast(u8, line, 1, part)) return expectEqualStrings(part, line);
}

/// Fails unless the job ends by this kind of failure.
fn failsBy(kind: sdk.Host.Kind, replies: []const []const u8) !void {
    var claude: played.Played = .init(replies);
    defer claude.deinit();
    var host = claude.host();
    try std.testing.expectError(error.Failed, summarize(&host));
    try expectEqual(kind, host.failure.kind);
    try expectEqual(replies.len, claude.asked.items.len);
}

test "a text becomes a summary" {
    var claude: played.Played = .init(&.{played.says(summary, "end_turn")});
    defer claude.deinit();
    var host = claude.host();
    try expectEqualStrings("{\"title\":\"T\",\"summary\":\"S.\",\"key_points\":[\"ä\",\"😀\"]}", try summarize(&host));
    try has(claude.asked.items[0], "\"output_config\":{\"format\":{\"type\":\"json_schema\",\"schema\":{\"type\":\"object\"");
    try has(claude.asked.items[0], "{\"role\":\"user\",\"content\":\"A \\\"long\\\"\\ntext.\"}");
    try has(claude.others.items[0], "{\"job.progress\":{\"fraction\":0.1");
}

test "an answer that is no summary is sent back once" {
    var claude: played.Played = .init(&.{ played.says("Sure!", "end_turn"), played.says(summary, "end_turn") });
    defer claude.deinit();
    var host = claude.host();
    _ = try summarize(&host);
    try has(claude.asked.items[1], "{\"role\":\"assistant\",\"content\":[{\"type\":\"text\",\"text\":\"Sure!\"}]}");
    try has(claude.asked.items[1], "it is no JSON (SyntaxError)");
}

test "a second one, and one that is cut, are bad replies" {
    const sure = played.says("Sure! Here it is.", "end_turn");
    try failsBy(.@"bad-reply", &.{ sure, sure });
    const deep = played.says(&@as([5000]u8, @splat('[')), "end_turn");
    try failsBy(.@"bad-reply", &.{ played.says("{\\\"title\\\":7}", "end_turn"), deep });
    inline for (.{ "max_tokens", "pause_turn", "new" }) |cut| try failsBy(.@"bad-reply", &.{played.says("{", cut)});
}

test "a budget that is spent is told as such, and so is a refusal" {
    try failsBy(.@"over-budget", &.{played.refuses("calls-exhausted", "spent")});
    try failsBy(.final, &.{played.says("", "refusal")});
}

test "an action that is not there is the caller's fault" {
    var claude: played.Played = .init(&.{});
    defer claude.deinit();
    var host = claude.host();
    try std.testing.expectError(error.Failed, agent.run(&host, "dance", .null));
    try expectEqual(.@"invalid-input", host.failure.kind);
}

const Size = struct { metres: f64 };

fn isPositive(host: *sdk.Host, size: Size) anyerror!void {
    if (size.metres <= 0) return host.refuse("{d} metres is no size", .{size.metres});
}

test "an answer that a check refuses is sent back with what is wrong, and a text is taken as it is" {
    const said = [_][]const u8{ "{\\\"metres\\\":0}", "{\\\"metres\\\":1.5}", "1.5 m" };
    var replies: [3][]const u8 = undefined;
    inline for (said, &replies) |text, *reply| reply.* = comptime played.says(text, "end_turn");
    var claude: played.Played = .init(&replies);
    defer claude.deinit();
    var host = claude.host();
    const size = try sdk.completeJson(&host, Size, question, .{ .bool = true }, isPositive);
    try expectEqual(1.5, size.metres);
    try has(claude.asked.items[1], "cannot be used: 0 metres is no size.");
    try expectEqualStrings("1.5 m", try sdk.complete(&host, question));
}

fn double(_: ?*anyopaque, host: *sdk.Host, input: std.json.Value) anyerror![]const u8 {
    const given = try host.read(struct { n: i64 }, input);
    return host.json(2 * given.n);
}

const tools: []const sdk.Tool = &.{.{
    .declared = .{ .name = "double", .description = "Doubles a number.", .input_schema = .{ .bool = true } },
    .run = double,
}};
const question: sdk.Request = .{ .system = "Use the tool.", .messages = &.{.says(.user, "2?")} };

test "tools are run until Claude answers" {
    const used = [_][]const u8{ played.uses("double", "{\"n\":2}"), played.uses("unknown", "{}"), played.uses("double", "{}") };
    var claude: played.Played = .init(&(used ++ .{played.says("4", "end_turn")}));
    defer claude.deinit();
    var host = claude.host();
    try expectEqualStrings("4", (try sdk.toolLoop(&host, question, tools, 5)).text);
    const last = claude.asked.items[3];
    try has(last, "\"content\":\"4\",\"is_error\":false");
    try has(last, "\"content\":\"there is no tool unknown\",\"is_error\":true");
    try has(last, "\"content\":\"it cannot be read as it should be (MissingField)\",\"is_error\":true");
}

test "the tool loop ends at its bound" {
    const used = played.uses("double", "{\"n\":2}");
    var claude: played.Played = .init(&.{ used, used, used });
    defer claude.deinit();
    var host = claude.host();
    try std.testing.expectError(error.Failed, sdk.toolLoop(&host, question, tools, 2));
    try expectEqual(.final, host.failure.kind);
    try expectEqual(2, claude.asked.items.len);
}
