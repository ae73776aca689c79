/* The inbox: three panes on a desk, one at a time on a phone. */
import { useEffect } from "preact/hooks";
import { filter, loadList, openId } from "../../state/inbox";
import { workspacePath } from "../../state/session";
import { ConversationList } from "./list";
import { ThreadPane } from "./thread";

export function Inbox() {
  const { channel, status, unread, query } = filter.value;
  useEffect(() => {
    void loadList();
  }, [workspacePath.value, channel, status, unread, query]);
  return (
    <div class={`inbox${openId.value ? " has-thread" : ""}`}>
      <ConversationList />
      <ThreadPane />
    </div>
  );
}
