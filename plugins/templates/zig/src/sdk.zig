//! What stands between an agent and its host. Nothing here is particular to one agent.

const claude = @import("sdk/claude.zig");
const lines = @import("sdk/lines.zig");
const tools = @import("sdk/tools.zig");

pub const Host = @import("sdk/host.zig").Host;

pub const Message = claude.Message;
pub const Reply = claude.Reply;
pub const Request = claude.Request;
pub const ask = claude.ask;
pub const complete = claude.complete;
pub const completeJson = claude.completeJson;

pub const Tool = tools.Tool;
pub const toolLoop = tools.toolLoop;

pub const log = lines.log;
pub const panic = lines.panic;
pub const serve = lines.serve;
