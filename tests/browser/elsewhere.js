// A page that shows widgets as Colab, VS Code and Voilà do: their manager from npm, a socket
// to a kernel, no extension of JupyterLab. `await elsewhere(base, token, code)` runs one cell.

async function elsewhere(base, token, code) {
  const { HTMLManager } = await new Promise((resolve, reject) =>
    requirejs(["@jupyter-widgets/html-manager"], resolve, reject),
  );
  const load = (name, version) =>
    new Promise((resolve, reject) => {
      requirejs.config({
        paths: { [name]: `${base}/elsewhere/${name}@${version}/dist/index` },
      });
      requirejs([name], resolve, reject);
    });
  const authorization = { Authorization: `token ${token}` };
  const started = await fetch(`${base}/api/kernels`, {
    method: "POST",
    headers: authorization,
  });
  const { id } = await started.json();
  const session = crypto.randomUUID();
  const url = `${base.replace("http", "ws")}/api/kernels/${id}/channels`;
  const socket = new WebSocket(`${url}?session_id=${session}&token=${token}`);
  const comms = new Map();
  const asked = new Map(); // what wants to know when its message was handled
  const shown = document.body.appendChild(document.createElement("main"));

  const post = (type, content, metadata = {}) => {
    const header = {
      msg_id: crypto.randomUUID(),
      msg_type: type,
      session,
      username: "",
      version: "5.3",
      date: new Date().toISOString(),
    };
    const message = { header, parent_header: {}, metadata, content, channel: "shell" };
    socket.send(JSON.stringify(message));
    return header.msg_id;
  };

  class Comm {
    constructor(comm_id, target_name) {
      Object.assign(this, { comm_id, target_name, hear: () => {}, ended: () => {} });
      comms.set(comm_id, this);
    }
    open(data, callbacks, metadata) {
      const { comm_id, target_name } = this;
      return post("comm_open", { comm_id, target_name, data }, metadata);
    }
    send(data, callbacks, metadata) {
      const id = post("comm_msg", { comm_id: this.comm_id, data }, metadata);
      asked.set(id, callbacks);
      return id;
    }
    close(data, callbacks, metadata) {
      return post("comm_close", { comm_id: this.comm_id, data }, metadata);
    }
    on_msg(callback) {
      this.hear = callback;
    }
    on_close(callback) {
      this.ended = callback;
    }
  }

  class Manager extends HTMLManager {
    async _create_comm(target, model, data, metadata) {
      const comm = new Comm(model, target);
      if (data || metadata) comm.open(data, undefined, metadata);
      return comm;
    }
    async _get_comm_info() {
      return {};
    }
  }
  const manager = new Manager({ loader: load });

  const kind = "application/vnd.jupyter.widget-view+json";
  const draw = async (data) => {
    const place = shown.appendChild(document.createElement("div"));
    if (data[kind]) {
      const model = await manager.get_model(data[kind].model_id);
      await manager.display_view(await manager.create_view(model), place);
    } else {
      place.textContent = data["text/plain"];
    }
  };

  // One after the other: a model is there before its view and its messages.
  let last = Promise.resolve();
  const handle = async ({ header, content, metadata, buffers, ...more }) => {
    const message = { header, content, metadata, buffers: buffers ?? [], ...more };
    if (header.msg_type === "comm_open") {
      const comm = new Comm(content.comm_id, content.target_name);
      await manager.handle_comm_open(comm, message);
    } else if (header.msg_type === "status") {
      asked.get(more.parent_header.msg_id)?.iopub?.status?.(message);
    } else if (header.msg_type === "comm_msg") {
      await comms.get(content.comm_id)?.hear(message);
    } else if (header.msg_type === "execute_result" || header.msg_type === "display_data") {
      await draw(content.data);
    } else if (header.msg_type === "error") {
      throw Error(content.traceback.join("\n"));
    }
  };
  socket.onmessage = ({ data }) => {
    last = last
      .then(() => handle(JSON.parse(data)))
      .catch((error) => console.error(String(error)));
  };
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(Error("no socket"));
  });
  post("execute_request", { code, silent: false, store_history: true, allow_stdin: false });
}
