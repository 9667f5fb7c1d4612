//! The real host: one JSON object a line, on standard input and output. What is printed otherwise is in the job's log, as long as
//! a line does not begin with a brace (on standard error: as a warning).

const std = @import("std");
const Host = @import("host.zig").Host;

const Lines = struct {
    arena: std.mem.Allocator,
    in: *std.Io.Reader,
    out: *std.Io.Writer,

    fn read(lines: *Lines) ![]const u8 {
        var line: std.Io.Writer.Allocating = .init(lines.arena);
        _ = try lines.in.streamDelimiter(&line.writer, '\n');
        lines.in.toss(1);
        return line.written();
    }

    fn write(lines: *Lines, comptime format: []const u8, arguments: anytype) !void {
        try lines.out.print(format ++ "\n", arguments);
        try lines.out.flush();
    }

    fn exchange(context: *anyopaque, line: []const u8) anyerror![]const u8 {
        const lines: *Lines = @ptrCast(@alignCast(context));
        try lines.write("{s}", .{line});
        return lines.read();
    }
};

/// The job under way, for what has no host at hand: its log, and a panic.
var job: ?*Host = null;

/// Answers the host: says what the agent is, or does its job.
pub fn serve(
    init: std.process.Init,
    description: []const u8,
    run: *const fn (*Host, action: []const u8, payload: std.json.Value) anyerror![]const u8,
) !void {
    const arena = init.arena.allocator();
    var room: [2][4096]u8 = undefined;
    var in: std.Io.File.Reader = .initStreaming(.stdin(), init.io, &room[0]);
    var out: std.Io.File.Writer = .initStreaming(.stdout(), init.io, &room[1]);
    var lines: Lines = .{ .arena = arena, .in = &in.interface, .out = &out.interface };
    try answer(&lines, description, run);
}

fn answer(
    lines: *Lines,
    description: []const u8,
    run: *const fn (*Host, action: []const u8, payload: std.json.Value) anyerror![]const u8,
) !void {
    var host: Host = .{ .arena = lines.arena, .context = lines, .exchange = Lines.exchange };
    const Run = struct { action: []const u8, payload: std.json.Value };
    const asked = try host.read(struct { run: ?Run = null }, try host.value(try lines.read()));
    const task = asked.run orelse return lines.write("{{\"description\":{s}}}", .{try host.json(try host.value(description))});
    job = &host;
    defer job = null;
    const result = run(&host, task.action, task.payload) catch |e| {
        switch (e) {
            error.Failed => {},
            error.Wrong => host.failure = .{ .kind = .@"invalid-input", .message = host.wrong },
            else => host.failure = .{ .kind = .internal, .message = @errorName(e) },
        }
        const failed = .{ .failed = .{ .kind = host.failure.kind, .message = host.failure.message } };
        return lines.write("{s}", .{try host.json(failed)});
    };
    try lines.write("{{\"done\":{s}}}", .{result});
}

/// Writes to the job's log, as `std.log` has it.
pub fn log(comptime level: std.log.Level, comptime scope: @EnumLiteral(), comptime format: []const u8, arguments: anytype) void {
    const host = job orelse return std.log.defaultLog(level, scope, format, arguments);
    const said = .{ host.failure, host.wrong };
    defer host.failure, host.wrong = said;
    const before = if (scope == .default) "" else "(" ++ @tagName(scope) ++ ") ";
    const line = std.fmt.allocPrint(host.arena, before ++ format, arguments) catch return;
    const named = if (level == .err) "error" else @tagName(level);
    _ = host.call(std.json.Value, "job.log", .{ .level = named, .line = line }) catch {};
}

/// Makes a failure of a panic.
pub fn panic(message: []const u8, address: ?usize) noreturn {
    const host = job orelse std.debug.defaultPanic(message, address);
    job = null;
    const lines: *Lines = @ptrCast(@alignCast(host.context));
    const line = std.fmt.allocPrint(host.arena, "panic: {s}", .{message}) catch message;
    const failed = .{ .failed = .{ .kind = "internal", .message = line } };
    lines.write("{s}", .{host.json(failed) catch "{\"failed\":{\"kind\":\"internal\",\"message\":\"panic\"}}"}) catch {};
    std.process.exit(1);
}

/// What an agent says to a host that says these lines.
fn saidTo(arena: std.mem.Allocator, host: []const u8, comptime run: anytype) ![]const u8 {
    var in: std.Io.Reader = .fixed(host);
    var out: std.Io.Writer.Allocating = .init(arena);
    var lines: Lines = .{ .arena = arena, .in = &in, .out = &out.writer };
    try answer(&lines, "{\n \"name\": \"a\"}", run);
    return out.written();
}

const runs = "{\"run\":{\"contract\":\"anvil:agent@0.1.0\",\"action\":\"run\",\"payload\":\"x\"}}\n";

test "an agent says what it is, on one line" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const said = try saidTo(arena.allocator(), "{\"describe\":{\"contract\":\"anvil:agent@0.1.0\"}}\n", nothing);
    try std.testing.expectEqualStrings("{\"description\":{\"name\":\"a\"}}\n", said);
}

fn nothing(_: *Host, _: []const u8, _: std.json.Value) anyerror![]const u8 {
    return "null";
}

test "calls, their errors and the job's log are lines" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    const host = runs ++
        \\{"ok":null}
        \\{"ok":null}
        \\{"error":"no such name"}
        \\{"error":{"kind":"too-large","message":"much"}}
        \\
    ;
    try std.testing.expectEqualStrings(
        \\{"job.progress":{"fraction":0.5,"line":"half"}}
        \\{"job.log":{"level":"info","line":"1 of 2"}}
        \\{"job.artifact":{"name":"../x","media_type":"text/plain","text":"x"}}
        \\{"settings.get":{"key":"k"}}
        \\{"failed":{"kind":"invalid-input","message":"much"}}
        \\
    , try saidTo(arena.allocator(), host, refusedTwice));
}

fn refusedTwice(host: *Host, _: []const u8, _: std.json.Value) anyerror![]const u8 {
    try host.progress(0.5, "half");
    log(.info, .default, "{d} of {d}", .{ 1, 2 });
    try std.testing.expectError(error.Failed, host.artifact("../x", "text/plain", "x"));
    try std.testing.expectEqualStrings("no such name", host.failure.message);
    return (try host.setting("k")).?;
}

test "an error is a failure by its name, and a payload that does not fit is invalid" {
    var arena: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer arena.deinit();
    try std.testing.expectEqualStrings(
        "{\"failed\":{\"kind\":\"internal\",\"message\":\"Overflow\"}}\n",
        try saidTo(arena.allocator(), runs, overflows),
    );
    const said = try saidTo(arena.allocator(), runs, readsANumber);
    try std.testing.expect(std.mem.startsWith(u8, said, "{\"failed\":{\"kind\":\"invalid-input\""));
}

fn overflows(_: *Host, _: []const u8, _: std.json.Value) anyerror![]const u8 {
    return error.Overflow;
}

fn readsANumber(host: *Host, _: []const u8, payload: std.json.Value) anyerror![]const u8 {
    return host.json(try host.read(u32, payload));
}
