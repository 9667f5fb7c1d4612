//! What the agent does: it summarizes a text. Begin your own here.

const std = @import("std");
const sdk = @import("sdk.zig");

/// What the host is told when the plugin is loaded. It makes its form and its checks from the schemas.
pub const description = @embedFile("description.json");

const Text = struct { text: []const u8 };

/// The result. Claude keeps to its schema, and the host checks the result by it.
const Summary = struct { title: []const u8, summary: []const u8, key_points: []const []const u8 };

/// Does a job. What it gives is JSON.
pub fn run(host: *sdk.Host, action: []const u8, payload: std.json.Value) ![]const u8 {
    if (std.mem.eql(u8, action, "summarize"))
        return host.json(try summarize(host, try host.read(Text, payload)));
    return host.fail(.@"invalid-input", "there is no action {s}", .{action});
}

fn summarize(host: *sdk.Host, input: Text) !Summary {
    std.log.info("summarizing {d} bytes", .{input.text.len}); // it is in the job's log
    try host.progress(0.1, "Reading");
    const said = try host.read(struct { actions: []const struct { output_schema: std.json.Value } }, try host.value(description));
    return sdk.completeJson(host, Summary, .{
        .system = "Summarize the text that you are given, in its own language: a title, a summary of at most three " ++
            "sentences, and three to five key points. Say nothing that the text does not say.",
        .messages = &.{.says(.user, input.text)},
        .max_output_tokens = 1000,
    }, said.actions[0].output_schema, null);
}
