// Preloaded before emulate: it has no option for the address it binds, and would take every interface.
import { Server } from "node:net";

const HOST = "127.0.0.1";
const listen = Server.prototype.listen;

Server.prototype.listen = function (first, ...rest) {
  if (first !== null && typeof first === "object") {
    return listen.call(this, first.path ? first : { ...first, host: HOST }, ...rest);
  }
  if (typeof first === "number") {
    const after = typeof rest[0] === "string" ? rest.slice(1) : rest;
    return listen.call(this, first, HOST, ...after);
  }
  return listen.call(this, first, ...rest);
};
